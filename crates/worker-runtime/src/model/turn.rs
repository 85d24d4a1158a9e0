//! Turns of a Worker: their input, answer, outcome and usage.

use std::sync::Arc;

use llm_engine::{EngineError, ErrorKind, StopReason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, ProfileSelector, TurnOutcome, Usage},
};

/// One turn.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnDetail {
    /// The turn.
    pub turn_id: TurnId,
    /// How it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TurnOutcome>,
    /// The profile that it ran with.
    pub profile: ProfileSelector,
    /// The model, as the profile names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub model: Option<Arc<str>>,
    /// When it started, in milliseconds since the Unix epoch; absent while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: Option<u64>,
    /// When it ended, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub ended_at_ms: Option<u64>,
    /// Why the model stopped, in a completed turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// What it consumed; zero while it runs.
    pub usage: Usage,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<TurnError>>,
    /// The reason given with the command that cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<Arc<str>>,
    /// The input's place in the transcript; absent in a turn that has no input there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub input_sequence: Option<u64>,
    /// The answer's place in the transcript, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub answer_sequence: Option<u64>,
    /// The key of the command that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// The remarks of the command that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Meta>")]
    pub meta: Option<Arc<Meta>>,
    /// How much of the engine came too late and was dropped, in events. A live figure.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(with = "Option<u64>", range(max = 9_007_199_254_740_991_u64))]
    pub late_dropped: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(figure: &u64) -> bool {
    *figure == 0
}

impl TurnDetail {
    /// Makes a running turn, for a client that rebuilds turns from events.
    #[must_use]
    pub fn new(
        turn_id: TurnId,
        profile: ProfileSelector,
        started_at_ms: u64,
        input_sequence: u64,
    ) -> Self {
        Self {
            turn_id,
            outcome: None,
            profile,
            model: None,
            started_at_ms: Some(started_at_ms),
            ended_at_ms: None,
            stop_reason: None,
            usage: Usage::default(),
            error: None,
            reason: None,
            input_sequence: Some(input_sequence),
            answer_sequence: None,
            idempotency_key: None,
            meta: None,
            late_dropped: 0,
        }
    }
}

impl TurnDetail {
    /// Returns when a turn that has begun did so; 0 for one that has not.
    pub(crate) fn began_at_ms(&self) -> u64 {
        self.started_at_ms.unwrap_or_default()
    }
}

/// Why a turn failed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnError {
    /// What went wrong.
    pub kind: TurnErrorKind,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// Whether the same input may well succeed later.
    pub retryable: bool,
    /// How long the provider asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub retry_after_ms: Option<u64>,
}

/// What goes wrong in turns: the engine's kinds, and the store's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TurnErrorKind {
    /// The provider did not accept the key.
    Authentication,
    /// The key is not allowed to do this.
    PermissionDenied,
    /// No such model or address.
    NotFound,
    /// The provider refused the request as it is.
    InvalidRequest,
    /// The conversation does not fit into the model's context.
    ContextLengthExceeded,
    /// The account has nothing left to spend.
    QuotaExceeded,
    /// Too many requests.
    RateLimited,
    /// The provider has no capacity just now.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider could not be reached.
    Connection,
    /// A deadline passed.
    Timeout,
    /// The stream ended before its end.
    Interrupted,
    /// The answer was not of the provider's protocol.
    Protocol,
    /// The answer went past `answer_bytes`.
    TooLarge,
    /// The provider's code panicked.
    Panicked,
    /// The store failed to give the history or to take the end.
    Store,
}

impl From<ErrorKind> for TurnErrorKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Authentication => Self::Authentication,
            ErrorKind::PermissionDenied => Self::PermissionDenied,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::InvalidRequest => Self::InvalidRequest,
            ErrorKind::ContextLengthExceeded => Self::ContextLengthExceeded,
            ErrorKind::QuotaExceeded => Self::QuotaExceeded,
            ErrorKind::RateLimited => Self::RateLimited,
            ErrorKind::Overloaded => Self::Overloaded,
            ErrorKind::Connection => Self::Connection,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::Protocol => Self::Protocol,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::Panicked => Self::Panicked,
            // A kind that this crate does not know yet is a failure of the provider.
            ErrorKind::Server | _ => Self::Server,
        }
    }
}

impl From<EngineError> for TurnError {
    fn from(error: EngineError) -> Self {
        Self {
            kind: error.kind.into(),
            message: error.message,
            retryable: error.retryable,
            retry_after_ms: error
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(super::MAX_INTEGER)),
        }
    }
}

impl TurnError {
    pub(crate) fn store(message: &str) -> Self {
        Self {
            kind: TurnErrorKind::Store,
            message: message.to_owned(),
            retryable: true,
            retry_after_ms: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_engine_keeps_its_name() {
        for kind in ErrorKind::ALL {
            let name = serde_json::to_value(TurnErrorKind::from(kind)).unwrap();
            assert_eq!(name, kind.as_str());
        }
    }
}
