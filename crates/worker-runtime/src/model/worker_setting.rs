//! The settings of a Worker that an update can remove.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A setting of a Worker that `update_worker` can remove, so that the profile's counts again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkerSetting {
    /// The Worker's own instructions.
    Instructions,
}
