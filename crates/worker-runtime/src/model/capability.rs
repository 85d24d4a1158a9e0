//! The capabilities that a Worker requested, and whether they were granted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One requested capability and whether the Worker has it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CapabilityGrant {
    /// The name that was asked for.
    pub name: String,
    /// Whether the Worker has it.
    pub granted: bool,
    /// Why not, where it was not granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
