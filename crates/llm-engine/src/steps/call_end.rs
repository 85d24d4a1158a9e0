//! The end of a call, and the words in which the model is told of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ToolEffects, ToolOutput, ToolResult};

/// How a call ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallOutcome {
    /// The tool gave its result.
    Succeeded,
    /// The call did not run, or failed, and has no effect that nobody knows of.
    Failed,
    /// Somebody did not allow the call, so it did not begin.
    Denied,
    /// The call was cancelled. It did not begin, or has no effects.
    Cancelled,
    /// The call began and may have effects, and nobody knows whether it had them.
    Uncertain,
}

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The arguments are no JSON object, or the input schema does not accept them.
    InvalidArguments,
    /// No such tool was offered.
    UnknownTool,
    /// The model stopped in a way after which its calls cannot be trusted to be whole.
    Incomplete,
    /// The tool itself says so.
    Tool,
    /// The tool did not answer in time.
    Timeout,
    /// The code of the tool panicked.
    Panicked,
    /// The arguments are too large.
    TooLarge,
    /// The model made the same call too often.
    Repeated,
    /// There were too many calls or steps.
    Limit,
    /// The call was cut off by something else, such as the end of the program.
    Interrupted,
    /// The tool is another than the one that was offered, or gone.
    ToolChanged,
    /// Nobody decided in time whether the call may run.
    NotDecided,
}

/// What cuts off a call that began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CutOff {
    /// The turn or the call was cancelled.
    Cancelled,
    /// The time of the call was over.
    Timeout,
    /// The code of the tool panicked.
    Panicked,
    /// Something else, such as the end of the program.
    Interrupted,
    /// The tool wants to be waited for, and the host cannot wait.
    CannotWait,
    /// The tool is another than the one that began, or gone.
    ToolChanged,
}

/// The end of a call, with the result that the model is given.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CallEnd {
    /// How the call ended.
    pub outcome: CallOutcome,
    /// Why it did not succeed.
    pub error: Option<CallErrorKind>,
    /// What the model is given.
    pub result: ToolResult,
}

impl CallEnd {
    /// Creates the end of a call that gave an output: it succeeded, unless the output says that it
    /// failed.
    #[must_use]
    pub fn done(output: ToolOutput) -> Self {
        let (outcome, error) = if output.is_error {
            (CallOutcome::Failed, Some(CallErrorKind::Tool))
        } else {
            (CallOutcome::Succeeded, None)
        };
        Self { outcome, error, result: output.into() }
    }

    /// Creates the end of a call that failed, in words that tell the model what to do.
    pub fn failed(kind: CallErrorKind, words: impl Into<String>) -> Self {
        Self::not_done(CallOutcome::Failed, Some(kind), words.into())
    }

    /// Creates the end of a call that somebody did not allow, and the reason for the model.
    #[must_use]
    pub fn denied(note: &str) -> Self {
        let words = "this call was not allowed, so it did not run";
        let words = if note.is_empty() { words.into() } else { format!("{words}: {note}") };
        Self::not_done(CallOutcome::Denied, None, words)
    }

    /// Creates the end of a call that had not begun when its turn was cancelled.
    #[must_use]
    pub fn cancelled() -> Self {
        let words = "this call was cancelled before it began";
        Self::not_done(CallOutcome::Cancelled, None, words.into())
    }

    /// Creates the end of a call that began and was cut off, by what its tool may have changed. One
    /// that may have effects is [uncertain](CallOutcome::Uncertain), whatever cut it off.
    #[must_use]
    pub fn cut_off(effects: ToolEffects, cause: CutOff) -> Self {
        let (kind, words) = match cause {
            CutOff::Cancelled => (CallErrorKind::Interrupted, "the call was cancelled"),
            CutOff::Timeout => (CallErrorKind::Timeout, "the tool did not answer in time"),
            CutOff::Panicked => (CallErrorKind::Panicked, "the tool failed by a fault in its code"),
            CutOff::Interrupted => (CallErrorKind::Interrupted, "the call was interrupted"),
            CutOff::CannotWait => {
                (CallErrorKind::Tool, "the tool wants to be waited for, and nobody here can wait")
            }
            CutOff::ToolChanged => {
                (CallErrorKind::ToolChanged, "the tool was changed while the call was open")
            }
        };
        match (effects, cause) {
            (ToolEffects::Idempotent | ToolEffects::Unsafe, _) => {
                let words = format!(
                    "{words}; it is not known whether it had its effect, so find out before you \
                     call it again"
                );
                Self::not_done(CallOutcome::Uncertain, Some(kind), words)
            }
            (ToolEffects::None, CutOff::Cancelled) => {
                Self::not_done(CallOutcome::Cancelled, None, words.into())
            }
            (ToolEffects::None, _) => Self::failed(kind, words),
        }
    }

    fn not_done(outcome: CallOutcome, error: Option<CallErrorKind>, words: String) -> Self {
        Self { outcome, error, result: ToolResult::error(words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_effects_and_did_not_return_is_uncertain() {
        use CallErrorKind as Kind;
        for (cause, outcome, kind) in [
            (CutOff::Cancelled, CallOutcome::Cancelled, Kind::Interrupted),
            (CutOff::Timeout, CallOutcome::Failed, Kind::Timeout),
            (CutOff::Panicked, CallOutcome::Failed, Kind::Panicked),
            (CutOff::Interrupted, CallOutcome::Failed, Kind::Interrupted),
            (CutOff::CannotWait, CallOutcome::Failed, Kind::Tool),
            (CutOff::ToolChanged, CallOutcome::Failed, Kind::ToolChanged),
        ] {
            let end = CallEnd::cut_off(ToolEffects::None, cause);
            let told = (cause != CutOff::Cancelled).then_some(kind);
            assert_eq!((end.outcome, end.error), (outcome, told), "{cause:?}");
            for effects in [ToolEffects::Idempotent, ToolEffects::Unsafe] {
                let end = CallEnd::cut_off(effects, cause);
                assert_eq!((end.outcome, end.error), (CallOutcome::Uncertain, Some(kind)));
                assert!(end.result.text.contains("not known whether it had its effect"));
                assert!(end.result.is_error);
            }
        }
    }

    #[test]
    fn an_output_says_whether_the_call_succeeded() {
        let end = CallEnd::done(ToolOutput::new("3"));
        assert_eq!((end.outcome, end.error), (CallOutcome::Succeeded, None));
        let end = CallEnd::done(ToolOutput::error("no"));
        assert_eq!((end.outcome, end.error), (CallOutcome::Failed, Some(CallErrorKind::Tool)));
    }
}
