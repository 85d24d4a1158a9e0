//! What a conversation's requests do.

use worker_runtime::RuntimeError;

use super::{
    request::{HELP, Request},
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
pub(super) async fn perform(workers: &mut Workers, request: Request) -> Result<Done, RuntimeError> {
    Ok(match request {
        Request::Nothing => Done::Quietly,
        Request::Say(text) => workers.say(text).await.map(|()| Done::Quietly)?,
        Request::Help => Done::Shows(HELP.to_owned()),
        Request::New(profile) => workers.add(profile).await.map(|()| Done::Quietly)?,
        Request::Workers => Done::Shows(view::workers(workers).await?),
        Request::Switch(number) if workers.switch(number).await? => Done::Quietly,
        Request::Switch(_) => Done::Notes("there is no such Worker: see /workers"),
        Request::Transcript => Done::Shows(view::transcript(workers).await?),
        Request::Usage => Done::Shows(view::usage(workers).await?),
        Request::Cancel if workers.cancel().await? => Done::Quietly,
        Request::Cancel => Done::Notes("no turn runs"),
        Request::Quit => Done::Leaves,
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
