//! The end of a turn, and the exit code that follows from it.

use std::sync::Arc;

use llm_engine::StopReason;
use worker_runtime::{
    event::EventBody,
    model::{TranscriptEntry, TurnError},
};

use crate::{exit::Exit, failure::Failure, provider_words, report};

/// The end of a turn, with the transcript entry of its answer if there is one.
#[derive(Debug)]
pub(crate) enum TurnEnd {
    Completed {
        stop_reason: StopReason,
        entry: Arc<TranscriptEntry>,
        /// Whether the model reasoned, as far as it told.
        has_reasoning: bool,
    },
    Failed(TurnError, Option<Arc<TranscriptEntry>>),
    Cancelled(Option<Arc<TranscriptEntry>>),
    Lost,
}

impl TurnEnd {
    /// Returns the end that `event` reports, or `None` if it does not end a turn.
    pub(super) fn from_event(event: &EventBody) -> Option<Self> {
        match event {
            EventBody::TurnCompleted { stop_reason, entry, usage } => Some(Self::Completed {
                stop_reason: *stop_reason,
                entry: Arc::clone(entry),
                has_reasoning: usage.reasoning_tokens > 0,
            }),
            EventBody::TurnFailed { error, entry, usage: _ } => {
                Some(Self::Failed(error.clone(), entry.clone()))
            }
            EventBody::TurnCancelled { entry, .. } => Some(Self::Cancelled(entry.clone())),
            EventBody::TurnLost { usage: _ } => Some(Self::Lost),
            _ => None,
        }
    }

    /// Returns the transcript entry of the answer, which is partial unless the turn completed.
    pub(super) fn entry(&self) -> Option<&TranscriptEntry> {
        match self {
            Self::Completed { entry, .. } => Some(entry),
            Self::Failed(_, entry) | Self::Cancelled(entry) => entry.as_deref(),
            Self::Lost => None,
        }
    }

    /// Returns the exit code of a process that ran only this turn. Prints a note to stderr if the
    /// answer did not end as answers do.
    pub(crate) fn into_exit(self) -> Result<Exit, Failure> {
        match self {
            Self::Completed { stop_reason, entry, has_reasoning } => {
                let note = if entry.text.trim().is_empty() {
                    Some(nothing(stop_reason, &entry.text, has_reasoning))
                } else {
                    unusual(stop_reason)
                };
                if let Some(note) = note {
                    report::note(note);
                }
                Ok(Exit::Completed)
            }
            Self::Failed(error, _) => {
                let said = error.provider.as_deref().and_then(provider_words::line);
                let failure =
                    if error.retryable { Failure::temporary } else { Failure::new }(error.message);
                Err(failure.followed_by(said))
            }
            Self::Cancelled(_) => Err(Failure::new("the turn was cancelled")),
            Self::Lost => Err(Failure::new("the turn was lost")),
        }
    }
}

/// Returns a note about the end of an answer with text, if it did not end as answers do.
fn unusual(stop_reason: StopReason) -> Option<&'static str> {
    match stop_reason {
        StopReason::MaxTokens => Some(
            "the answer was cut off at the limit of tokens, which is that of `--max-tokens`, of the \
             profile or of the model",
        ),
        StopReason::Refusal => Some("the model refused to answer"),
        StopReason::ContentFilter => Some("the provider's content filter cut the answer"),
        StopReason::ToolCall => {
            Some("the model then called a tool; yoi has no tools, so the call is not carried out")
        }
        StopReason::MalformedCall => {
            Some("the model then called a tool in a way that its provider could not read")
        }
        StopReason::EndTurn | StopReason::StopSequence => None,
        StopReason::Other | _ => Some("the model stopped for a reason that is not known"),
    }
}

/// Returns a note about an answer that shows nothing.
fn nothing(stop_reason: StopReason, text: &str, has_reasoning: bool) -> &'static str {
    match stop_reason {
        StopReason::ToolCall => {
            "there is no answer: the model called a tool; yoi has no tools, so the call is not \
             carried out"
        }
        StopReason::MalformedCall => {
            "there is no answer: the model called a tool in a way that its provider could not read"
        }
        StopReason::ContentFilter => {
            "there is no answer: the provider's content filter withheld it"
        }
        StopReason::Refusal => "there is no answer: the model refused",
        StopReason::MaxTokens if has_reasoning => {
            "there is no answer: the model's reasoning alone reached the limit of tokens, which is \
             that of `--max-tokens`, of the profile or of the model"
        }
        StopReason::MaxTokens => {
            "there is no answer: the limit of tokens was reached before any text; it is that of \
             `--max-tokens`, of the profile or of the model"
        }
        StopReason::EndTurn | StopReason::StopSequence if !text.is_empty() => {
            "the answer has only spaces"
        }
        StopReason::EndTurn | StopReason::StopSequence if has_reasoning => {
            "there is no answer: the model only reasoned, which `yoi run --json` shows"
        }
        StopReason::StopSequence => {
            "there is no answer: the model began with a text at which it is told to stop"
        }
        StopReason::EndTurn => "there is no answer: the model stopped without any text",
        StopReason::Other | _ => {
            "there is no answer: the model stopped for a reason that is not known"
        }
    }
}

#[cfg(test)]
mod tests {
    use llm_engine::{EngineError, ErrorKind};

    use super::*;

    #[test]
    fn people_learn_of_an_end_that_is_not_usual() {
        for usual in [StopReason::EndTurn, StopReason::StopSequence] {
            assert_eq!(unusual(usual), None);
        }
        let cut = [StopReason::MaxTokens, StopReason::Refusal, StopReason::ContentFilter];
        for reason in cut.into_iter().chain([StopReason::ToolCall, StopReason::Other]) {
            assert!(unusual(reason).is_some(), "{reason:?}");
        }
    }

    #[test]
    fn scripts_can_tell_what_is_worth_another_try() {
        for (retryable, expected) in [(true, Exit::TryAgain), (false, Exit::Failed)] {
            let mut error = TurnError::from(EngineError::new(ErrorKind::Server, "it failed"));
            error.retryable = retryable;
            let failure = TurnEnd::Failed(error, None).into_exit().expect_err("the turn failed");
            assert_eq!(failure.exit, expected);
        }
    }
}
