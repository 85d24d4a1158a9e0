//! `cancel_worker`: ends a Worker now, with its turn.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commands::cancel_turn::{TurnText, cancel_running, frozen},
    commit::change::Decision,
    domain::{context::Rules, draft::Draft},
    error::RuntimeError,
    identity::WorkerRef,
    lifecycle::{self, LifecycleInput, Transition},
    model::{Cursor, Meta, Tags},
    request::Command,
    state::{core::Core, worker_cell::CellState},
};

/// Ends a Worker now, with its turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelWorker {
    /// Which Worker.
    pub worker: WorkerRef,
    /// Why, in at most `text_chars` characters; shown on the Worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
    /// The caller's remarks, shown on everything that the command causes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl CancelWorker {
    /// Ends a Worker now.
    #[must_use]
    pub const fn now(worker: WorkerRef) -> Self {
        Self { worker, reason: None, meta: None }
    }
}

/// The Worker has ended.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct WorkerCancelled {
    /// Whether it had ended before.
    pub already: bool,
    /// Right before the first event that the command caused, in the Worker's scope.
    pub cursor: Cursor,
}

impl CancelWorker {
    /// The rule.
    pub(crate) fn decide(
        &self,
        rules: &Rules<'_>,
        state: &CellState,
        text: impl FnOnce(&CellState) -> TurnText,
    ) -> Result<Decision<WorkerCancelled>, RuntimeError> {
        rules.limits.check_reason(self.reason.as_ref())?;
        rules.limits.check_meta(self.meta.as_ref())?;
        let record = &state.record;
        let reply = |already| WorkerCancelled {
            already,
            cursor: rules.worker_cursor(record.worker_id, record.worker_sequence),
        };
        let Transition::Becomes { state: to, .. } =
            lifecycle::transition(record.state, LifecycleInput::CancelWorker)
        else {
            return Ok(Decision::Keep(reply(true)));
        };
        rules.can_change()?;
        let tags = Tags::new(self.meta.as_ref(), None);
        let reason: Option<Arc<str>> = self.reason.as_deref().map(Arc::from);
        let mut draft = Draft::of(record, rules.now_ms, tags);
        draft.record_mut().end_reason.clone_from(&reason);
        match record.running_turn() {
            Some(turn) => {
                cancel_running(&mut draft, turn, text(state), reason.clone(), to, reason);
            }
            None => draft.go(to, reason),
        }
        Ok(Decision::Change(draft, reply(false)))
    }
}

impl Command for CancelWorker {
    type Reply = WorkerCancelled;

    async fn execute(self, core: &Arc<Core>) -> Result<WorkerCancelled, RuntimeError> {
        let cell = core.find(self.worker)?;
        core.change(&cell, true, |rules, state| self.decide(rules, state, frozen)).await
    }
}
