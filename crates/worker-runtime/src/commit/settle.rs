//! A commit whose outcome is unknown: the store is asked until it knows.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    commit::{apply::After, change::Outgoing},
    model::Severity,
    state::{core::Core, worker_cell::Cell},
    store::{Batch, Settlement, StoreError},
    sync::Backoff,
};

/// What the store said in the end.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Settled {
    Committed,
    Never,
    /// The Runtime ended before the store knew.
    Abandoned,
}

/// Asks the store about a change of a Worker, and applies or drops it by the answer.
pub(crate) async fn settle(core: Arc<Core>, cell: Arc<Cell>, change: Outgoing) {
    // Held until the change is settled, and dropped last, outside the lock.
    let Outgoing { batch, cancel_within, sealed: _sealed } = change;
    let settled = ask(&core, &batch).await;
    core.unsettled.fetch_sub(1, Ordering::Relaxed);
    let mut state = cell.lock();
    // What is committed after the Runtime has closed is for the next owner of the store to show.
    let settled = if core.is_closed() { Settled::Abandoned } else { settled };
    match settled {
        Settled::Committed => {
            let mut after = After::cancelling(cancel_within);
            state.unsettled = false;
            core.apply(&cell, &mut state, batch, &mut after);
            drop(state);
            after.run(&core, &cell);
        }
        Settled::Never => {
            state.unsettled = false;
            core.give_back_room(&state, &batch);
            drop(state);
        }
        Settled::Abandoned => return,
    }
    let message = match settled {
        Settled::Committed => "the store took the change after all",
        Settled::Never | Settled::Abandoned => "the store did not take the change",
    };
    core.note(Severity::Info, message, Some(cell.worker_id), None);
    core.turn_ended(true);
}

/// Asks the store what became of a batch until it knows.
pub(crate) async fn ask(core: &Arc<Core>, batch: &Batch) -> Settled {
    let mut backoff = Backoff::of_store();
    loop {
        if core.is_closed() {
            return Settled::Abandoned;
        }
        let version = batch.expected_version + 1;
        match core.ask(|it| it.settle(core.lease, batch.worker_id, version)).await {
            Ok(Settlement::Committed) => return Settled::Committed,
            Ok(Settlement::Never) => return Settled::Never,
            Err(StoreError::LeaseLost) => {
                core.lose_lease();
                return Settled::Abandoned;
            }
            Err(StoreError::Refused(_) | StoreError::Unknown(_)) => {}
        }
        backoff.pause().await;
    }
}
