//! Turns of a Worker: their input, answer, outcome and usage.

use std::sync::Arc;

use llm_engine::{EngineError, ErrorKind, StopReason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, ProfileSelector, ProviderError, TurnOutcome, Usage, wire},
};

/// A turn of a Worker: one input, and everything that answers it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnDetail {
    /// The id of the turn.
    pub turn_id: TurnId,
    /// The way in which the turn ended. If absent, the turn has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TurnOutcome>,
    /// The profile that the turn was begun with.
    pub profile: ProfileSelector,
    /// The name of the model, as the profile has it. If absent, the profile names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub model: Option<Arc<str>>,
    /// The time at which the turn started, in milliseconds since the Unix epoch. If absent, the
    /// turn has not started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: Option<u64>,
    /// The time at which the turn ended, in milliseconds since the Unix epoch. If absent, the turn
    /// has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub ended_at_ms: Option<u64>,
    /// The reason for which the model stopped. If absent, the turn was not completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// The tokens and the time that the turn consumed. All figures are 0 until the turn has ended.
    pub usage: Usage,
    /// The error for which the turn failed. If absent, the turn did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<TurnError>>,
    /// The reason that was given with the command that cancelled the turn. If absent, none was
    /// given, or the turn was not cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<Arc<str>>,
    /// The `sequence` of the input's entry in the transcript. If absent, the input has no entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub input_sequence: Option<u64>,
    /// The `sequence` of the answer's entry in the transcript. If absent, there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub answer_sequence: Option<u64>,
    /// The idempotency key of the command that began the turn. If absent, the command had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// The `meta` of the command that began the turn. If absent, the command had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Meta>")]
    pub meta: Option<Arc<Meta>>,
    /// The number of pieces of text and reasoning that came after the end of the turn and were
    /// dropped. It changes without an event. If absent, it is 0.
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

/// The error for which a turn, or one attempt of it, failed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnError {
    /// The kind of the error, for programs.
    pub kind: TurnErrorKind,
    /// A message for people that says what went wrong and what to do.
    pub message: String,
    /// Whether the same input may well succeed later.
    pub retryable: bool,
    /// The time that the provider asked to wait, in milliseconds. If absent, it asked for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub retry_after_ms: Option<u64>,
    /// What the provider itself said. If absent, it said nothing or was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Box<ProviderError>>,
}

/// The kind of a turn's error.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TurnErrorKind {
    /// The provider did not accept the API key.
    Authentication,
    /// The API key is not allowed to do what the turn needs.
    PermissionDenied,
    /// The provider has no such model or address.
    NotFound,
    /// The provider refused the request as it is.
    InvalidRequest,
    /// The conversation does not fit into the model's context.
    ContextLengthExceeded,
    /// The account at the provider has nothing left to spend.
    QuotaExceeded,
    /// The provider received too many requests.
    RateLimited,
    /// The provider has no capacity at the moment.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider could not be reached.
    Connection,
    /// A deadline of the turn passed.
    Timeout,
    /// The provider's answer broke off before its end.
    Interrupted,
    /// The provider's answer did not follow the provider's protocol.
    Protocol,
    /// The answer, its reasoning included, was larger than `answer_bytes` or the profile allows.
    TooLarge,
    /// The code of the provider panicked.
    Panicked,
    /// The store did not give the history of the turn, or did not take its end.
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
            message: error.message.into(),
            retryable: error.retryable,
            retry_after_ms: error.retry_after.map(wire::milliseconds),
            provider: error.provider.map(|said| Box::new((*said).into())),
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
            provider: None,
        }
    }

    /// The error of a turn whose task ended before the turn did.
    pub(crate) fn abandoned() -> Self {
        let message = "the task of the turn ended before the turn, perhaps with its tokio runtime";
        Self {
            kind: TurnErrorKind::Interrupted,
            message: message.to_owned(),
            retryable: true,
            retry_after_ms: None,
            provider: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::MAX_INTEGER;

    #[test]
    fn a_wait_of_any_length_stays_in_the_range_of_the_wire() {
        for (wait, ms) in [
            (Duration::from_secs(3), 3000),
            (Duration::from_secs(10_000_000_000_000_000), MAX_INTEGER),
            (Duration::MAX, MAX_INTEGER),
        ] {
            let error = EngineError::new(ErrorKind::RateLimited, "").with_retry_after(wait);
            assert_eq!(TurnError::from(error).retry_after_ms, Some(ms));
        }
    }

    #[test]
    fn every_kind_of_the_engine_keeps_its_name() {
        for kind in ErrorKind::ALL {
            let name = serde_json::to_value(TurnErrorKind::from(kind)).unwrap();
            assert_eq!(name, kind.as_str());
        }
    }
}
