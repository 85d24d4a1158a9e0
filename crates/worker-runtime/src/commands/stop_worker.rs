//! `stop_worker`: ends a Worker after the turn that runs.

use std::{sync::Arc, time::Duration};

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
    model::{Cursor, Meta, WorkerState, setters, wire},
    request::Command,
    state::caller::Caller,
    store::CommandMetadata,
};

/// A command that ends a Worker after its running turn. If the turn is still running at the
/// deadline, it is cancelled. The end is final: no later Runtime takes input for the Worker, unlike
/// for the Workers that `stop_runtime` keeps.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StopWorker {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// The time that the running turn may still take, in milliseconds; 0 cancels it at once. A
    /// later stop may bring the deadline forward, and never back. If absent, only the limits of the
    /// turn itself apply.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub deadline_ms: Option<u64>,
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

impl StopWorker {
    /// Makes a command that ends a Worker after the turn that runs.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, deadline_ms: None, reason: None, meta: None }
    }

    /// Sets the time that the running turn may still take; 0 cancels it at once.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline_ms = Some(wire::milliseconds(deadline));
        self
    }
}

setters!(StopWorker { reason: String, meta: Meta });

/// The reply to `stop_worker`: the Worker takes no more input.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerStop {
    /// The state of the Worker, which is `stopping` while its last turn runs. Events tell the end.
    pub state: WorkerState,
    /// Whether the Worker was stopping or had ended before the command.
    pub already: bool,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
}

impl StopWorker {
    /// Returns whether the command may end the running turn, whose text is then sealed first.
    pub(crate) fn seal(&self) -> Seal {
        if self.deadline_ms == Some(0) { Seal::Yes } else { Seal::No }
    }

    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
    ) -> Result<Decision<WorkerStop>, RuntimeError> {
        context.limits.check_reason(self.reason.as_ref())?;
        context.limits.check_meta(self.meta.as_ref())?;
        let record = worker.record;
        let reply = |state, already| WorkerStop {
            state,
            already,
            cursor: context.worker_cursor(record.worker_id, record.worker_sequence),
        };
        let cancels = self.deadline_ms == Some(0) && record.running_turn().is_some();
        let (to, already) = match lifecycle::transition(record.state, LifecycleInput::StopWorker) {
            Transition::Becomes { state: _, .. } if cancels => (WorkerState::Stopped, false),
            Transition::Becomes { state, .. } => (state, false),
            Transition::Already if cancels => (WorkerState::Stopped, true),
            Transition::Already
            | Transition::NoTurn
            | Transition::Removed
            | Transition::Ignored
            | Transition::Refused { .. } => return Ok(Decision::Keep(reply(record.state, true))),
        };
        context.can_change()?;
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        // The reason of a second stop does not replace the reason of the first.
        let reason: Option<Arc<str>> =
            if already { None } else { self.reason.as_deref().map(Arc::from) };
        let mut draft = Draft::of(record, context.now_ms, metadata);
        if !already {
            draft.record_mut().end_reason.clone_from(&reason);
        }
        match record.running_turn() {
            Some(turn) if cancels => {
                cancel_running(&mut draft, turn, &worker.answer, reason.clone(), to, reason);
            }
            Some(_) | None => draft.go(to, reason),
        }
        Ok(Decision::Change(draft, reply(to, already)))
    }
}

impl Command for StopWorker {
    type Reply = WorkerStop;

    async fn execute(self, caller: &Caller) -> Result<WorkerStop, RuntimeError> {
        let core = &caller.core;
        // The time counts from here, so that neither the queue of the Worker nor the store adds to it.
        let within = self.deadline_ms.map(Duration::from_millis);
        let cancel_at = within.and_then(|within| core.executor.after(within));
        let cell = caller.find(self.worker)?;
        let seal = self.seal();
        let decide = move |context: &DecisionContext<'_>, worker: &Snapshot<'_>| {
            let mut decision = self.decide(context, worker)?;
            if let Decision::Change(draft, _) = &mut decision {
                draft.cancel_at = cancel_at;
            }
            Ok(decision)
        };
        let stop = core.change(&cell, seal, Cause::REPEATABLE, decide).await?;
        // A stop that changes nothing may still bring the deadline forward.
        if stop.already
            && stop.state == WorkerState::Stopping
            && let Some(at) = cancel_at
        {
            core.turns.cancel_at(core, &cell, at);
        }
        Ok(stop)
    }
}
