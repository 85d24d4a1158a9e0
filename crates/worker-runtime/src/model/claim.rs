//! Claims of Workers to resources, shared or exclusive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a resource a claim takes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Others may share it.
    Shared,
    /// Nobody else may claim it.
    Exclusive,
}

/// A claim on a resource and everything below it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeClaim {
    /// An opaque name of segments joined by `/`, such as `workspace/app/src`; no host path: no empty
    /// segment, no `.` or `..`, no backslash, no control character. At most `text_chars`
    /// characters.
    #[schemars(schema_with = "crate::model::fragments::resource")]
    pub resource: String,
    /// How much of it.
    pub access: Access,
}
