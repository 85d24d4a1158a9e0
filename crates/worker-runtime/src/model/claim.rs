//! Claims of Workers to resources, shared or exclusive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The access to a resource that a claim reserves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Other Workers may have shared claims on the resource too.
    Shared,
    /// No other Worker may have a claim on the resource.
    Exclusive,
}

/// A claim of a Worker on a resource and everything below it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeClaim {
    /// The name of the resource: at most 128 segments joined by `/`, such as `workspace/app/src`, in
    /// at most `text_chars` characters. No segment is empty, `.` or `..`, and there is no backslash and no
    /// control character. It is not a path of the host.
    #[schemars(schema_with = "crate::model::fragments::resource")]
    pub resource: String,
    /// The access to the resource that the claim reserves.
    pub access: Access,
}
