//! Entries of a Worker's transcript.

use std::sync::Arc;

use llm_engine::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, Usage},
};

/// An entry of a Worker's transcript. It never changes once it is there.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TranscriptEntry {
    /// The number of the entry in the transcript. The first entry has number 1, and no number is
    /// left out.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
    /// The speaker of the entry.
    pub role: Role,
    /// The text that was said.
    #[schemars(with = "String")]
    pub text: Arc<str>,
    /// The id of the turn that the entry began or that wrote the entry. If absent, the Worker was
    /// created with the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The time at which the text was said, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// Whether the turn ended before the model had finished the text. If absent, it is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The tokens and the time that the turn consumed that wrote the entry. If absent, no turn
    /// wrote it.
    #[serde(default, skip_serializing_if = "Usage::is_zero")]
    #[schemars(with = "Option<Usage>")]
    pub usage: Usage,
    /// The idempotency key of the command that caused the entry. If absent, the command had none,
    /// or the Worker was created with the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// The `meta` of the command that caused the entry. If absent, the command had none, or the
    /// Worker was created with the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Meta>")]
    pub meta: Option<Arc<Meta>>,
}

/// The answer that a running turn is writing.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InProgress {
    /// The id of the running turn.
    pub turn_id: TurnId,
    /// The text that has streamed so far. It changes without an event.
    pub text: String,
    /// The time at which the turn started, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: u64,
}
