//! What a conversation's requests do.

use worker_runtime::RuntimeError;

use super::{
    command::{ChatCommand, HELP},
    view,
    workers::Workers,
};
use crate::failure::Failure;

/// What came of a request.
pub(super) enum Done {
    Quietly,
    /// What was asked for.
    Shows(String),
    /// There was nothing to do.
    Notes(&'static str),
    Leaves,
}

/// Does what is asked for.
pub(super) async fn perform(
    workers: &mut Workers,
    command: ChatCommand,
) -> Result<Done, RuntimeError> {
    Ok(match command {
        ChatCommand::Nothing => Done::Quietly,
        ChatCommand::Say(text) => workers.say(text).await.map(|()| Done::Quietly)?,
        ChatCommand::Help => Done::Shows(HELP.to_owned()),
        ChatCommand::New(profile) => workers.add(profile).await.map(|()| Done::Quietly)?,
        ChatCommand::Workers => Done::Shows(view::workers(workers).await?),
        ChatCommand::Switch(number) if workers.switch(number).await? => Done::Quietly,
        ChatCommand::Switch(_) => Done::Notes("there is no such Worker: see /workers"),
        ChatCommand::Transcript => Done::Shows(view::transcript(workers).await?),
        ChatCommand::Usage => Done::Shows(view::usage(workers).await?),
        ChatCommand::Cancel if workers.cancel().await? => Done::Quietly,
        ChatCommand::Cancel => Done::Notes("no turn runs"),
        ChatCommand::Quit => Done::Leaves,
    })
}

/// What to do is said for people, where a program would be told something else.
pub(super) fn refusal(error: RuntimeError) -> Failure {
    if error == (RuntimeError::ProfileNotFound {}) {
        Failure::new("there is no such profile, or it cannot be used: see `yoi profiles`")
    } else {
        error.into()
    }
}
