//! The events of a turn, and its end.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EngineError, TokenUsage};

/// Why a model stopped by itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The answer was complete.
    EndTurn,
    /// The answer reached the longest length asked for.
    MaxTokens,
    /// The model wrote a stop sequence.
    StopSequence,
    /// The model declined to answer.
    Refusal,
    /// The provider's filter cut the answer.
    ContentFilter,
    /// A reason that the provider names and this list does not.
    Other,
}

/// An event of a turn. Exactly one event is terminal, and it is the last one.
///
/// Text is passed on as the provider gave it. The engine keeps none:
/// [`Turn::collect_answer`](crate::Turn::collect_answer) joins it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TurnEvent {
    /// The first model call begins.
    Started,
    /// More of the answer. Never empty.
    TextDelta(String),
    /// More of the model's reasoning, which is not part of the answer. Never empty.
    ReasoningDelta(String),
    /// The provider told new figures about its tokens. The event has all figures known so far, of
    /// all attempts.
    Usage(TokenUsage),
    /// A call failed before any output and is made again after a pause.
    Retrying {
        /// The number of the next attempt. The first retry is 2.
        attempt: u32,
        /// The pause before it.
        delay: Duration,
        /// The failure of the last attempt.
        error: EngineError,
    },
    /// Terminal: the model finished.
    Completed {
        /// The reason for which the model stopped.
        stop_reason: StopReason,
        /// Tokens of all attempts.
        usage: TokenUsage,
    },
    /// Terminal: the turn was cancelled.
    Cancelled {
        /// Tokens known so far.
        usage: TokenUsage,
    },
    /// Terminal: the turn failed.
    Failed {
        /// The failure.
        error: EngineError,
        /// Tokens known so far.
        usage: TokenUsage,
    },
}

impl TurnEvent {
    /// Whether this event ends the turn.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::Cancelled { .. } | Self::Failed { .. } => true,
            Self::Started
            | Self::TextDelta(_)
            | Self::ReasoningDelta(_)
            | Self::Usage(_)
            | Self::Retrying { .. } => false,
        }
    }
}

/// How a turn ended, without its tokens.
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
