//! A turn as stores keep it.

use std::sync::Arc;

use llm_engine::StopReason;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, ProfileSelector, TurnDetail, TurnError, TurnOutcome, Usage},
};

/// A turn of a Worker as it is committed and kept. It changes until it has ended, and never
/// afterwards.
///
/// The Runtime shows it as a [`TurnDetail`]. The two are types of their own, so that what is stored
/// can have parts that nobody is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoredTurn {
    /// The id of the turn.
    pub turn_id: TurnId,
    /// The way in which the turn ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TurnOutcome>,
    /// The profile that the turn was begun with.
    pub profile: ProfileSelector,
    /// The name of the model, as the profile had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// When the turn started, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at_ms: Option<u64>,
    /// When the turn ended, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<u64>,
    /// The reason for which the model stopped; present if the turn was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// The tokens and the time that the turn consumed.
    pub usage: Usage,
    /// The error for which the turn failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<TurnError>>,
    /// The reason that was given with the command that cancelled the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The sequence of the input's entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_sequence: Option<u64>,
    /// The sequence of the answer's entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_sequence: Option<u64>,
    /// The idempotency key of the command that began the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    /// The metadata of the command that began the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
}

impl StoredTurn {
    /// Returns the turn as replies and events show it, with the number of pieces of text that came
    /// after its end.
    pub(crate) fn shown(&self, late_dropped: u64) -> TurnDetail {
        TurnDetail {
            turn_id: self.turn_id,
            outcome: self.outcome,
            profile: self.profile.clone(),
            model: self.model.clone(),
            started_at_ms: self.started_at_ms,
            ended_at_ms: self.ended_at_ms,
            stop_reason: self.stop_reason,
            // No event tells the tokens of a turn before its end.
            usage: if self.outcome.is_some() { self.usage } else { Usage::default() },
            error: self.error.clone(),
            reason: self.reason.clone(),
            input_sequence: self.input_sequence,
            answer_sequence: self.answer_sequence,
            idempotency_key: self.idempotency_key.clone(),
            meta: self.meta.clone(),
            late_dropped,
        }
    }

    /// Returns when a turn that has begun did so; 0 for one that has not.
    pub(crate) fn began_at_ms(&self) -> u64 {
        self.started_at_ms.unwrap_or_default()
    }
}
