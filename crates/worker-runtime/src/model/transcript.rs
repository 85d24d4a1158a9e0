//! Entries of a Worker's transcript.

use std::sync::Arc;

use llm_engine::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, Usage},
};

/// One entry of a transcript. It never changes once it is there.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TranscriptEntry {
    /// Its place in the transcript; the first is 1, and none is missing.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    #[schemars(with = "String")]
    pub text: Arc<str>,
    /// The turn that it began or that wrote it; none for what a Worker was created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// When it was said, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// Present and true where the turn ended before the model had finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// What the turn that wrote it consumed.
    #[serde(default, skip_serializing_if = "Usage::is_zero")]
    #[schemars(with = "Option<Usage>")]
    pub usage: Usage,
    /// The key of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// The remarks of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Meta>")]
    pub meta: Option<Arc<Meta>>,
}

/// The answer that is being written.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InProgress {
    /// The running turn.
    pub turn_id: TurnId,
    /// What has streamed so far.
    pub text: String,
    /// When the turn started, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: u64,
}
