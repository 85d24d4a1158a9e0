//! Diagnostics: problems that the Runtime reports without having been asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{DiagnosticId, TurnId, WorkerRef};

/// How much a diagnostic matters.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something went another way than it should.
    Warning,
    /// Something is wrong and wants a person.
    Error,
}

/// Something that the Runtime noticed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The diagnostic.
    pub diagnostic_id: DiagnosticId,
    /// How much it matters.
    pub severity: Severity,
    /// What happened; no secret, no host path, no text of a conversation.
    pub message: String,
    /// When, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// The Worker that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerRef>,
    /// The turn that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}
