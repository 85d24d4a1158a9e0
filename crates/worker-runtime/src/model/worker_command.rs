//! The names of the commands about one Worker.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A command about one Worker that exists.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each command's payload documents it")]
pub enum WorkerCommand {
    SendInput,
    CancelTurn,
    StopWorker,
    CancelWorker,
    DeleteWorker,
    UpdateWorker,
}
