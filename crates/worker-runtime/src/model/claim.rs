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

/// A claim of a Worker on a resource and everything below it. It has nothing to do with the `Scope`
/// of events.
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

/// The maximum number of segments of a claim's resource, so that the depth of a name costs little,
/// whatever `text_chars` allows.
const MOST_SEGMENTS: usize = 128;

/// Checks the form of the name of a resource. The error says what the name must be.
pub(crate) fn check_resource(resource: &str) -> Result<(), String> {
    if resource.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    if resource.contains('\\') {
        return Err("must not contain a backslash".to_owned());
    }
    if resource.split('/').any(|it| matches!(it, "" | "." | "..")) {
        return Err("must be segments joined by `/`, none of them empty, `.` or `..`".to_owned());
    }
    if resource.split('/').nth(MOST_SEGMENTS).is_some() {
        return Err(format!("must have at most {MOST_SEGMENTS} segments"));
    }
    Ok(())
}
