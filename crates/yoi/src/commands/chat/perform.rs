//! Carries out the commands of a conversation.

use worker_runtime::RuntimeError;

use super::{
    command::{ChatCommand, HELP},
    model,
    outcome::Outcome,
    retry, view,
    workers::Workers,
};
use crate::failure::Failure;

/// Carries out a command.
pub(super) async fn perform(
    workers: &mut Workers,
    command: ChatCommand,
) -> Result<Outcome, RuntimeError> {
    Ok(match command {
        ChatCommand::Nothing => Outcome::Silent,
        ChatCommand::Say(text) => workers.say(text).await.map(|()| Outcome::Silent)?,
        ChatCommand::Help => Outcome::Text(HELP.to_owned()),
        ChatCommand::New(profile) => {
            if let Some(problem) = profile.as_ref().and_then(|name| workers.unusable.get(name)) {
                let name = profile.as_deref().unwrap_or_default();
                return Ok(Outcome::Refused(format!("{name} cannot be used: {problem}")));
            }
            workers.add(profile).await.map(|()| Outcome::Silent)?
        }
        ChatCommand::Workers => Outcome::Text(view::workers(workers).await?),
        ChatCommand::Switch(number) if workers.switch(number).await? => Outcome::Silent,
        ChatCommand::Switch(number) => {
            Outcome::Refused(format!("there is no Worker {number}: see /workers"))
        }
        ChatCommand::Model(None) => {
            let present = model::present(workers).await?;
            Outcome::Text(format!(
                "{present} answers; /model NAME takes another, and `yoi models` lists them\n"
            ))
        }
        ChatCommand::Model(Some(name)) => model::change(workers, &name).await?,
        ChatCommand::Retry => retry::retry(workers).await?,
        ChatCommand::Reasoning => Outcome::Reasoning,
        ChatCommand::Transcript => Outcome::Text(view::transcript(workers).await?),
        ChatCommand::Usage => Outcome::Text(view::usage(workers).await?),
        ChatCommand::Editor => Outcome::Edit,
        ChatCommand::Cancel if workers.cancel().await? => Outcome::Silent,
        ChatCommand::Cancel => Outcome::Note("no turn runs".to_owned()),
        ChatCommand::Quit => Outcome::Leave,
    })
}

/// Converts the error of a refused command into a failure. Its advice is for people where the
/// Runtime's is for programs.
pub(super) fn refusal(error: RuntimeError) -> Failure {
    if error == (RuntimeError::ProfileNotFound {}) {
        Failure::new("there is no such profile: see `yoi profiles`")
    } else {
        error.into()
    }
}
