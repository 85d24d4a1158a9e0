//! `delete_worker`: removes a Worker that has ended, with its transcript.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot},
    error::RuntimeError,
    identity::WorkerRef,
    lifecycle::{self, LifecycleInput, Transition},
    model::{Meta, setters},
    request::Command,
    state::caller::Caller,
    store::CommandMetadata,
};

/// A command that removes a Worker that has ended, with its transcript. Its names and texts are
/// erased from every log.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteWorker {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are not
    /// shown, because the events of a deleted Worker show no `meta`. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl DeleteWorker {
    /// Makes a command that removes a Worker.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, meta: None }
    }
}

setters!(DeleteWorker { meta: Meta });

/// The reply to `delete_worker`: the Worker does not exist any more.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerDeleted {
    /// Whether the Worker did not exist before the command.
    pub already: bool,
}

impl DeleteWorker {
    /// Decides the command for a Worker that exists.
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
    ) -> Result<Decision<WorkerDeleted>, RuntimeError> {
        self.validate(context)?;
        context.can_change()?;
        let record = worker.record;
        match lifecycle::transition(record.state, LifecycleInput::DeleteWorker) {
            Transition::Removed => {}
            Transition::Becomes { .. }
            | Transition::NoTurn
            | Transition::Already
            | Transition::Ignored
            | Transition::Refused { .. } => return Err(RuntimeError::WorkerNotTerminal {}),
        }
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        let mut draft = Draft::of(record, context.now_ms, metadata);
        draft.delete();
        Ok(Decision::Change(draft, WorkerDeleted { already: false }))
    }

    pub(crate) fn validate(&self, context: &DecisionContext<'_>) -> Result<(), RuntimeError> {
        context.limits.check_meta(self.meta.as_ref())
    }
}

impl Command for DeleteWorker {
    type Reply = WorkerDeleted;

    async fn execute(self, caller: &Caller) -> Result<WorkerDeleted, RuntimeError> {
        let core = &caller.core;
        let gone = WorkerDeleted { already: true };
        let cell = match caller.find(self.worker) {
            Ok(cell) => cell,
            Err(RuntimeError::WorkerNotFound {}) => return Ok(gone),
            Err(error) => return Err(error),
        };
        match core
            .change(&cell, Seal::No, Cause::REPEATABLE, move |context, worker| {
                self.decide(context, worker)
            })
            .await
        {
            Err(RuntimeError::WorkerNotFound {}) => Ok(gone),
            other => other,
        }
    }
}
