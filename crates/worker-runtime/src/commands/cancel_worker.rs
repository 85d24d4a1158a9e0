//! `cancel_worker`: ends a Worker now, with its turn.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commands::cancel_turn::cancel_running,
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot},
    error::RuntimeError,
    identity::WorkerRef,
    lifecycle::{self, LifecycleInput, Transition},
    model::{Cursor, Meta, setters},
    request::Command,
    state::caller::Caller,
    store::CommandMetadata,
};

/// A command that ends a Worker at once, with its running turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelWorker {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// The reason for the command, for people, of 1 to `text_chars` characters. It is shown on the
    /// Worker, on a turn that it cancels, and on their events. If absent, none is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are shown
    /// on the events, entries and turns that the command causes. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl CancelWorker {
    /// Makes a command that ends a Worker now.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, reason: None, meta: None }
    }
}

setters!(CancelWorker { reason: String, meta: Meta });

/// The reply to `cancel_worker`: the Worker has ended.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerCancelled {
    /// Whether the Worker had ended before the command.
    pub already: bool,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
}

impl CancelWorker {
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
    ) -> Result<Decision<WorkerCancelled>, RuntimeError> {
        context.limits.check_reason(self.reason.as_ref())?;
        context.limits.check_meta(self.meta.as_ref())?;
        let record = worker.record;
        let reply = |already| WorkerCancelled {
            already,
            cursor: context.worker_cursor(record.worker_id, record.worker_sequence),
        };
        let Transition::Becomes { state: to, .. } =
            lifecycle::transition(record.state, LifecycleInput::CancelWorker)
        else {
            return Ok(Decision::Keep(reply(true)));
        };
        context.can_change()?;
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        let reason: Option<Arc<str>> = self.reason.as_deref().map(Arc::from);
        let mut draft = Draft::of(record, context.now_ms, metadata);
        draft.record_mut().end_reason.clone_from(&reason);
        match record.running_turn() {
            Some(turn) => {
                cancel_running(&mut draft, turn, &worker.answer, reason.clone(), to, reason);
            }
            None => draft.go(to, reason),
        }
        Ok(Decision::Change(draft, reply(false)))
    }
}

impl Command for CancelWorker {
    type Reply = WorkerCancelled;

    async fn execute(self, caller: &Caller) -> Result<WorkerCancelled, RuntimeError> {
        let core = &caller.core;
        let cell = caller.find(self.worker)?;
        core.change(&cell, Seal::Yes, Cause::REPEATABLE, move |context, worker| {
            self.decide(context, worker)
        })
        .await
    }
}
