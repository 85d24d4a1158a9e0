//! Commits the end of a turn that no command has ended.

use std::{sync::Arc, time::Duration};

use llm_engine::StopReason;

use super::lose::lose;
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
    identity::TurnId,
    lifecycle::{self, LifecycleInput, Transition},
    model::{Severity, TurnError, TurnErrorKind, TurnOutcome, WorkerState},
    state::{core::Core, live::Live, worker_cell::WorkerCell},
    store::{CommandMetadata, StoredTurn, WorkerRecord},
    sync::Backoff,
};

/// The end of a turn that no command has ended. The text and the tokens are in the live turn.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    outcome: TurnOutcome,
    stop_reason: Option<StopReason>,
    error: Option<TurnError>,
    reason: Option<Arc<str>>,
}

impl Ending {
    pub(super) fn failed(error: TurnError) -> Self {
        Self { outcome: TurnOutcome::Failed, stop_reason: None, error: Some(error), reason: None }
    }

    pub(super) fn completed(stop_reason: StopReason) -> Self {
        Self {
            outcome: TurnOutcome::Completed,
            stop_reason: Some(stop_reason),
            error: None,
            reason: None,
        }
    }

    pub(super) fn cancelled(reason: Option<Arc<str>>) -> Self {
        let outcome = TurnOutcome::Cancelled;
        Self { outcome, stop_reason: None, error: None, reason }
    }

    fn is_of_store(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.kind == TurnErrorKind::Store)
    }
}

/// Commits the end of a turn. If the store fails, the commit is tried again until the turn is over.
pub(super) async fn finish(core: &Arc<Core>, cell: &Arc<WorkerCell>, live: &Live, ending: Ending) {
    if let Some(certain) = failed(commit(core, cell, live, &ending).await) {
        // The next owner of the store ends a turn that is still open when the Runtime ends.
        let insist = Box::pin(insist(core, cell, live, ending, certain));
        let _ = core.unless_ended(insist).await;
    }
}

/// Decides and commits the end of a turn.
async fn commit(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Live,
    ending: &Ending,
) -> Result<(), RuntimeError> {
    let (turn_id, ending) = (live.turn_id, ending.clone());
    let decide = move |context: &DecisionContext<'_>, worker: &Snapshot<'_>| {
        Ok(ended(context, worker, turn_id, &ending))
    };
    core.change(cell, Seal::Yes, Cause::Runtime, decide).await
}

/// Returns `Some` if the store failed to commit an end; the value is `true` if the end is certainly
/// not committed. Any other result means that the turn is over.
fn failed(committed: Result<(), RuntimeError>) -> Option<bool> {
    match committed {
        Err(RuntimeError::StoreFailed { certain, .. }) => Some(certain),
        // The decision panicked, and the panic was contained.
        Err(RuntimeError::Internal { .. }) => Some(true),
        Ok(()) | Err(_) => None,
    }
}

/// Tries again to commit an end that the store failed to commit, until the turn is over. An end
/// that the store did not take is replaced by a failure of the store. An end that was refused only
/// because another change was unsettled is tried again as it is.
async fn insist(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Live,
    mut ending: Ending,
    mut certain: bool,
) {
    let mut backoff = Backoff::of_store();
    loop {
        // As long as a change of the Worker is unsettled, this one or another, it is unknown
        // whether the turn is over.
        let mut was_unsettled = false;
        while cell.lock().unsettled {
            was_unsettled = true;
            core.executor.pause(&mut backoff).await;
        }
        if current(&cell.lock().record, live.turn_id).is_none() {
            return;
        }
        let other_was_unsettled = certain && was_unsettled;
        if !other_was_unsettled && !ending.is_of_store() {
            let message = "the store did not take the end of a turn; trying again";
            core.note(Severity::Error, message, &**cell, Some(live.turn_id));
            let error = TurnError::store("the store did not take the end of the turn");
            ending = Ending::failed(error);
        }
        if !was_unsettled {
            core.executor.pause(&mut backoff).await;
        }
        match failed(commit(core, cell, live, &ending).await) {
            Some(is_certain) => certain = is_certain,
            None => return,
        }
    }
}

/// Returns the turn in a Worker's record, if it has this id and still runs.
pub(super) fn current(record: &WorkerRecord, turn_id: TurnId) -> Option<&Arc<StoredTurn>> {
    record.running_turn().filter(|turn| turn.turn_id == turn_id)
}

/// Decides the end of a turn. Keeps the Worker as it is if the turn has ended meanwhile.
fn ended(
    context: &DecisionContext<'_>,
    worker: &Snapshot<'_>,
    turn_id: TurnId,
    ending: &Ending,
) -> Decision<()> {
    let Some(running) = current(worker.record, turn_id) else { return Decision::Keep(()) };
    let PartialAnswer { text, usage } = worker.answer.clone();
    let end = TurnEnd {
        outcome: ending.outcome,
        text,
        usage,
        stop_reason: ending.stop_reason,
        error: ending.error.clone(),
        reason: ending.reason.clone(),
    };
    let draft = turn_ends(worker.record, running, end, context.now_ms);
    Decision::Change(draft, ())
}

/// Returns the draft for a turn that ends by itself, or that was running when an earlier Runtime on
/// the same store ended.
pub(super) fn turn_ends(
    record: &WorkerRecord,
    running: &StoredTurn,
    end: TurnEnd,
    now_ms: u64,
) -> Draft {
    let mut draft = Draft::of(record, now_ms, CommandMetadata::of_turn(running));
    draft.end_turn(running, end, state_after_turn(record.state), None);
    draft
}

/// Returns the state of a Worker whose turn has ended by itself.
fn state_after_turn(state: WorkerState) -> WorkerState {
    match lifecycle::transition(state, LifecycleInput::TurnEnds) {
        Transition::Becomes { state, .. } => state,
        Transition::NoTurn
        | Transition::Already
        | Transition::Removed
        | Transition::Ignored
        | Transition::Refused { .. } => state,
    }
}

/// Ends a turn as failed, because its engine did not keep the deadline that `which` names.
pub(crate) async fn time_out(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Arc<Live>,
    which: &str,
) {
    let error = llm_engine::EngineError::new(
        llm_engine::ErrorKind::Timeout,
        format!("{which} passed and the engine did not stop by itself"),
    );
    finish(core, cell, live, Ending::failed(error.into())).await;
}

/// The pause after a turn could not be ended that has no engine.
const PAUSE: Duration = Duration::from_millis(100);

/// Cancels a turn because the deadline of a stop has passed. The turn's reason is the end reason in
/// the Worker's record. A turn that an earlier Runtime left open is lost.
pub(crate) async fn cancel_late(core: &Arc<Core>, cell: &Arc<WorkerCell>, turn_id: TurnId) {
    let (live, reason) = {
        let state = cell.lock();
        (state.live.clone(), state.record.end_reason.clone())
    };
    let Some(live) = live.filter(|live| live.turn_id == turn_id) else {
        if lose(core, cell, turn_id).await.is_err() {
            core.executor.sleep(PAUSE).await;
        }
        return;
    };
    finish(core, cell, &live, Ending::cancelled(reason)).await;
}
