//! The capabilities that a Worker requested, and whether they were granted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A capability that a Worker requested, and whether it was granted.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CapabilityGrant {
    /// The name of the capability, as it was requested.
    pub name: String,
    /// Whether the Worker has the capability.
    pub granted: bool,
    /// The reason for which the capability was not granted. If absent, it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
