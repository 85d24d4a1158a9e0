//! The version of the API, and what there is in it.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::{model::ApiVersion, schema};

/// Goes up when something that worked no longer does.
pub(crate) const MAJOR: u32 = 1;

/// Goes up when something was added.
pub(crate) const MINOR: u32 = 0;

/// The `type` of every command.
pub(crate) const COMMANDS: &[&str] = &[
    "create_worker",
    "send_input",
    "cancel_turn",
    "stop_worker",
    "cancel_worker",
    "delete_worker",
    "update_worker",
    "stop_runtime",
];

/// The `type` of every query.
pub(crate) const QUERIES: &[&str] = &[
    "get_runtime",
    "get_overview",
    "list_workers",
    "get_worker",
    "get_turn",
    "list_turns",
    "get_transcript",
    "read_events",
    "get_usage",
    "list_diagnostics",
    "preview",
];

/// The version that this build speaks.
pub(crate) fn version() -> ApiVersion {
    // A constant that is too costly to make at every question.
    static DIGEST: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for (name, text) in schema::files() {
            hash.update(name);
            hash.update(text);
        }
        format!("{:x}", hash.finalize())
    });
    ApiVersion { major: MAJOR, minor: MINOR, schema_digest: DIGEST.clone() }
}
