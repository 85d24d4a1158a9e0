//! `delete_worker`: removes a Worker that has ended, with its transcript.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::change::Decision,
    domain::{context::Rules, draft::Draft},
    error::RuntimeError,
    identity::WorkerRef,
    lifecycle::{self, LifecycleInput, Transition},
    model::{Meta, Tags},
    request::Command,
    state::{core::Core, worker_cell::CellState},
};

/// Removes a Worker that has ended, with its transcript. Names and texts go from every log.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteWorker {
    /// Which Worker.
    pub worker: WorkerRef,
    /// The caller's remarks. They would be shown on an event that has none left to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl DeleteWorker {
    /// Removes a Worker.
    #[must_use]
    pub const fn of(worker: WorkerRef) -> Self {
        Self { worker, meta: None }
    }
}

/// The Worker is gone.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct WorkerDeleted {
    /// Whether it was not there any more.
    pub already: bool,
}

impl DeleteWorker {
    /// The rule for a Worker that is there.
    pub(crate) fn decide(
        &self,
        rules: &Rules<'_>,
        state: &CellState,
    ) -> Result<Decision<WorkerDeleted>, RuntimeError> {
        self.validate(rules)?;
        rules.can_change()?;
        let record = &state.record;
        match lifecycle::transition(record.state, LifecycleInput::DeleteWorker) {
            Transition::Removed => {}
            Transition::Becomes { .. }
            | Transition::NoTurn
            | Transition::Already
            | Transition::Ignored
            | Transition::Refused { .. } => return Err(RuntimeError::WorkerNotTerminal {}),
        }
        let tags = Tags::new(self.meta.as_ref(), None);
        let mut draft = Draft::of(record, rules.now_ms, tags);
        draft.delete();
        Ok(Decision::Change(draft, WorkerDeleted { already: false }))
    }

    pub(crate) fn validate(&self, rules: &Rules<'_>) -> Result<(), RuntimeError> {
        rules.limits.check_meta(self.meta.as_ref())
    }
}

impl Command for DeleteWorker {
    type Reply = WorkerDeleted;

    async fn execute(self, core: &Arc<Core>) -> Result<WorkerDeleted, RuntimeError> {
        let gone = WorkerDeleted { already: true };
        let cell = match core.find(self.worker) {
            Ok(cell) => cell,
            Err(RuntimeError::WorkerNotFound {}) => return Ok(gone),
            Err(error) => return Err(error),
        };
        match core.change(&cell, true, |rules, state| self.decide(rules, state)).await {
            Err(RuntimeError::WorkerNotFound {}) => Ok(gone),
            other => other,
        }
    }
}
