//! Diagnostics: problems that the Runtime reports without having been asked.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{DiagnosticId, TurnId, WorkerRef};

/// The importance of a diagnostic, from `info` up to `error`.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The diagnostic is worth knowing, and nothing is wrong.
    Info,
    /// Something went another way than it should have gone.
    Warning,
    /// Something is wrong and needs the attention of a person.
    Error,
}

/// A diagnostic: something that the Runtime noticed and reports without having been asked.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The id of the diagnostic.
    pub diagnostic_id: DiagnosticId,
    /// The importance of the diagnostic.
    pub severity: Severity,
    /// A message for people that says what happened. It contains no secret, no path of the host and
    /// no text of a conversation.
    pub message: String,
    /// The time of the diagnostic, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// The Worker that the diagnostic is about. If absent, it is about no single Worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerRef>,
    /// The tenant whose Worker or request the diagnostic is about. If absent, it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<Arc<str>>,
    /// The id of the turn that the diagnostic is about. If absent, it is about no single turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}
