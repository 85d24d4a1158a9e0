//! The commands of a Runtime, one file each.

mod cancel_turn;
mod cancel_worker;
mod create_worker;
mod delete_worker;
mod send_input;
mod stop_runtime;
mod stop_worker;
mod update_worker;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    request::{Command, payloads},
    state::caller::Caller,
};

pub use cancel_turn::{CancelTurn, Cancellation, TurnCancellation};
pub use cancel_worker::{CancelWorker, WorkerCancelled};
pub use create_worker::{CreateWorker, WorkerCreated};
pub(crate) use create_worker::{CreationIds, replayed_reply};
pub use delete_worker::{DeleteWorker, WorkerDeleted};
pub use send_input::{InputAccepted, SendInput};
pub use stop_runtime::{RuntimeStop, StopRuntime, StopWorkers};
pub use stop_worker::{StopWorker, WorkerStop};
pub use update_worker::{UpdateWorker, WorkerUpdated};

/// A command: a change that a caller asks the Runtime for.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum RuntimeCommand {
    CancelTurn(CancelTurn),
    CancelWorker(CancelWorker),
    CreateWorker(Box<CreateWorker>),
    DeleteWorker(DeleteWorker),
    SendInput(SendInput),
    StopRuntime(StopRuntime),
    StopWorker(StopWorker),
    UpdateWorker(UpdateWorker),
}

payloads! {
    RuntimeCommand "runtime_command":
    CreateWorker "create_worker" -> "worker_created" of CallersPart boxed,
    SendInput "send_input" -> "input_accepted" of OneWorker,
    CancelTurn "cancel_turn" -> "turn_cancellation" of OneWorker,
    StopWorker "stop_worker" -> "worker_stop" of OneWorker,
    CancelWorker "cancel_worker" -> "worker_cancelled" of OneWorker,
    DeleteWorker "delete_worker" -> "worker_deleted" of OneWorker,
    UpdateWorker "update_worker" -> "worker_updated" of OneWorker,
    StopRuntime "stop_runtime" -> "runtime_stop" of WholeRuntime,
}

/// The reply to a command.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
#[non_exhaustive]
pub enum CommandReply {
    TurnCancellation(TurnCancellation),
    WorkerCancelled(WorkerCancelled),
    WorkerCreated(WorkerCreated),
    WorkerDeleted(WorkerDeleted),
    InputAccepted(InputAccepted),
    RuntimeStop(RuntimeStop),
    WorkerStop(WorkerStop),
    WorkerUpdated(WorkerUpdated),
    /// A reply that this version of the crate does not know. A Runtime never makes it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Command for RuntimeCommand {
    type Reply = CommandReply;

    async fn execute(self, caller: &Caller) -> Result<CommandReply, RuntimeError> {
        match self {
            Self::CancelTurn(command) => {
                command.execute(caller).await.map(CommandReply::TurnCancellation)
            }
            Self::CancelWorker(command) => {
                command.execute(caller).await.map(CommandReply::WorkerCancelled)
            }
            Self::CreateWorker(command) => {
                command.execute(caller).await.map(CommandReply::WorkerCreated)
            }
            Self::DeleteWorker(command) => {
                command.execute(caller).await.map(CommandReply::WorkerDeleted)
            }
            Self::SendInput(command) => {
                command.execute(caller).await.map(CommandReply::InputAccepted)
            }
            Self::StopRuntime(command) => {
                command.execute(caller).await.map(CommandReply::RuntimeStop)
            }
            Self::StopWorker(command) => {
                command.execute(caller).await.map(CommandReply::WorkerStop)
            }
            Self::UpdateWorker(command) => {
                command.execute(caller).await.map(CommandReply::WorkerUpdated)
            }
        }
    }
}
