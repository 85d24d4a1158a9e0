//! The events of a turn, and its end.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EngineError, ModelCall, Opaque, TokenUsage};

/// The reason for which a model stopped by itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The answer was complete.
    EndTurn,
    /// The answer reached the largest number of tokens that was asked for.
    MaxTokens,
    /// The model wrote a stop sequence.
    StopSequence,
    /// The model declined to answer.
    Refusal,
    /// A filter of the provider cut the answer off.
    ContentFilter,
    /// The model stopped to have tools called. Whether there are calls is told by
    /// [`TurnEvent::CallComplete`] alone: a model that called tools and names no reason of its own
    /// has this one, and a model may name it without any call. It is written and read as `other`.
    #[serde(rename(serialize = "other"), skip_deserializing)]
    #[schemars(skip)]
    ToolCall,
    /// The model wrote a call that its provider could not read, or one of a tool that it was not
    /// offered. It is written and read as `other`.
    #[serde(rename(serialize = "other"), skip_deserializing)]
    #[schemars(skip)]
    MalformedCall,
    /// The provider named a reason that is not in this list.
    Other,
}

/// An event of a turn. Exactly one event is terminal, and it is the last one.
///
/// The engine passes text on as the provider gave it and keeps none of it.
/// [`Turn::collect_answer`](crate::Turn::collect_answer) joins the text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TurnEvent {
    /// The first model call begins.
    Started,
    /// The next piece of the answer. It is never empty.
    TextDelta(String),
    /// The next piece of the model's reasoning, which is not part of the answer. It is never empty.
    ReasoningDelta(String),
    /// The model begins to call a tool.
    CallBegan {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The name of the tool.
        name: Arc<str>,
    },
    /// The next piece of the arguments of a call. It is never empty, and never executed from.
    CallArguments {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The piece.
        text: String,
    },
    /// A call is complete. Calls are completed in the order of their numbers, and without gaps.
    CallComplete {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The call.
        call: ModelCall,
    },
    /// A part that the provider wants back in this place of the output.
    Opaque(Opaque),
    /// The provider reported new token counts. The event has all counts known so far, of all
    /// attempts.
    Usage(TokenUsage),
    /// A call failed before any output and is made again after a pause.
    Retrying {
        /// The number of the next attempt. The first retry is 2.
        attempt: u32,
        /// The pause before the next attempt.
        delay: Duration,
        /// The error of the attempt that failed.
        error: EngineError,
    },
    /// Terminal: the model finished.
    Completed {
        /// The reason for which the model stopped.
        stop_reason: StopReason,
        /// The token counts of all attempts.
        usage: TokenUsage,
    },
    /// Terminal: the turn was cancelled.
    Cancelled {
        /// The token counts known so far, of all attempts.
        usage: TokenUsage,
    },
    /// Terminal: the turn failed.
    Failed {
        /// The error that ended the turn.
        error: EngineError,
        /// The token counts known so far, of all attempts.
        usage: TokenUsage,
    },
}

impl TurnEvent {
    /// Returns whether this event ends the turn.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::Cancelled { .. } | Self::Failed { .. } => true,
            Self::Started
            | Self::TextDelta(_)
            | Self::ReasoningDelta(_)
            | Self::CallBegan { .. }
            | Self::CallArguments { .. }
            | Self::CallComplete { .. }
            | Self::Opaque(_)
            | Self::Usage(_)
            | Self::Retrying { .. } => false,
        }
    }
}

/// The end of a turn, without its token counts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TurnEnd {
    /// The model finished, for this reason.
    Completed(StopReason),
    /// The turn was cancelled.
    Cancelled,
    /// The turn failed.
    Failed(EngineError),
}

#[cfg(test)]
mod tests {
    use super::StopReason;

    #[test]
    fn reasons_that_came_later_are_written_as_other() {
        for reason in [StopReason::ToolCall, StopReason::MalformedCall, StopReason::Other] {
            assert_eq!(serde_json::to_string(&reason).unwrap(), r#""other""#);
        }
        let read = serde_json::from_str::<StopReason>;
        assert_eq!(read(r#""other""#).unwrap(), StopReason::Other);
        assert!(read(r#""malformed_call""#).is_err() && read(r#""tool_call""#).is_err());
    }
}
