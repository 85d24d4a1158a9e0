//! `cancel_turn`: ends a running turn now and keeps the Worker.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{
        context::DecisionContext,
        draft::{Draft, TurnEnd},
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    lifecycle::{self, LifecycleInput, Transition},
    model::{Cursor, Meta, TurnOutcome, WorkerState, setters},
    request::Command,
    state::{caller::Caller, core::Core},
    store::{CommandMetadata, StoredTurn, TurnLookup},
};

/// A command that ends a running turn at once and keeps the Worker. Text that had streamed stays in
/// the transcript, marked as truncated.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelTurn {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// The id of the turn to cancel. If absent, whichever turn runs is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The reason for the command, for people, of 1 to `text_chars` characters. It is shown on the
    /// turn and on its events. If absent, none is shown.
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

impl CancelTurn {
    /// Makes a command that ends whichever turn runs.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker, turn_id: None, reason: None, meta: None }
    }
}

setters!(CancelTurn { turn_id: TurnId, reason: String, meta: Meta });

/// The reply to `cancel_turn`: what became of the turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnCancellation {
    /// The result of the cancellation.
    pub result: Cancellation,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
}

/// The result of the cancellation of a turn.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cancellation {
    /// The turn was running, and is now cancelled.
    Cancelled {
        /// The id of the turn that was cancelled.
        turn_id: TurnId,
    },
    /// The command named no turn, and none runs.
    NoTurn {},
    /// The turn that the command named had ended before.
    AlreadyFinished {
        /// The way in which the turn had ended.
        outcome: TurnOutcome,
    },
    /// A variant that this version of the crate does not know. A Runtime never makes it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl CancelTurn {
    /// Decides the command; `earlier` is the named turn, if it is not the Worker's latest.
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
        earlier: Option<&StoredTurn>,
    ) -> Result<Decision<TurnCancellation>, RuntimeError> {
        context.limits.check_reason(self.reason.as_ref())?;
        context.limits.check_meta(self.meta.as_ref())?;
        let record = worker.record;
        let reply = |result| TurnCancellation {
            result,
            cursor: context.worker_cursor(record.worker_id, record.worker_sequence),
        };
        if let Some(wanted) = self.turn_id {
            let latest = record.turn.as_deref().filter(|turn| turn.turn_id == wanted);
            let earlier = earlier.filter(|turn| turn.outcome.is_some());
            let turn = latest.or(earlier).ok_or(RuntimeError::TurnNotFound {})?;
            if let Some(outcome) = turn.outcome {
                return Ok(Decision::Keep(reply(Cancellation::AlreadyFinished { outcome })));
            }
        }
        let (Transition::Becomes { state: to, turn: Some(_) }, Some(running)) = (
            lifecycle::transition(record.state, LifecycleInput::CancelTurn),
            record.running_turn(),
        ) else {
            return Ok(Decision::Keep(reply(Cancellation::NoTurn {})));
        };
        context.can_change()?;
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        let reason = self.reason.as_deref().map(Arc::from);
        let mut draft = Draft::of(record, context.now_ms, metadata);
        cancel_running(&mut draft, running, &worker.answer, reason, to, None);
        let cancelled = Cancellation::Cancelled { turn_id: running.turn_id };
        Ok(Decision::Change(draft, reply(cancelled)))
    }
}

/// Ends the running turn as cancelled and moves the Worker to the state `to`.
pub(crate) fn cancel_running(
    draft: &mut Draft,
    running: &StoredTurn,
    answer: &PartialAnswer,
    turn_reason: Option<Arc<str>>,
    to: WorkerState,
    state_reason: Option<Arc<str>>,
) {
    let PartialAnswer { text, usage } = answer.clone();
    draft.end_turn(running, TurnEnd::cancelled(text, usage, turn_reason), to, state_reason);
}

impl Command for CancelTurn {
    type Reply = TurnCancellation;

    async fn execute(self, caller: &Caller) -> Result<TurnCancellation, RuntimeError> {
        let core = &caller.core;
        let cell = caller.find(self.worker)?;
        let command = Arc::new(self);
        let mut looked_again = false;
        loop {
            let earlier = core.earlier_turn(&cell, command.turn_id).await?;
            let command = Arc::clone(&command);
            let decide = move |context: &DecisionContext<'_>, worker: &Snapshot<'_>| {
                command.decide(context, worker, earlier.as_deref())
            };
            match core.change(&cell, Seal::Yes, Cause::REPEATABLE, decide).await {
                // The named turn may have been the Worker's latest turn during the lookup, which
                // leaves that turn to the record, and another turn may have begun since.
                Err(RuntimeError::TurnNotFound {}) if !looked_again => looked_again = true,
                decided => return decided,
            }
        }
    }
}

impl Core {
    /// Reads the named turn from the store. Returns `None` if no turn is named, if the named one is
    /// the Worker's latest, which the record has, or if the store does not have it.
    pub(crate) async fn earlier_turn(
        &self,
        cell: &crate::state::worker_cell::WorkerCell,
        turn_id: Option<TurnId>,
    ) -> Result<Option<Arc<StoredTurn>>, RuntimeError> {
        let Some(wanted) = turn_id else { return Ok(None) };
        let record = cell.record()?;
        if record.turn.as_ref().is_some_and(|turn| turn.turn_id == wanted) {
            return Ok(None);
        }
        let found = self.store.turn(cell, TurnLookup::Id(wanted)).await?;
        Ok(found.map(|found| found.turn))
    }
}
