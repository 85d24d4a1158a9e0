//! The names of the commands about one Worker.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `type` of a command that is about one existing Worker.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerCommand {
    /// The command `send_input`.
    SendInput,
    /// The command `cancel_turn`.
    CancelTurn,
    /// The command `stop_worker`.
    StopWorker,
    /// The command `cancel_worker`.
    CancelWorker,
    /// The command `delete_worker`.
    DeleteWorker,
    /// The command `update_worker`.
    UpdateWorker,
}
