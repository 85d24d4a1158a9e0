//! A commit whose outcome is unknown: the store is asked until it knows.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    apply::After,
    cell::Cell,
    change::thaw,
    core::Core,
    model::Severity,
    store::{Batch, Settlement, StoreError, StoreFuture},
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the store said in the end.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Settled {
    Committed,
    Never,
    /// The Runtime ended before the store knew.
    Abandoned,
}

/// Asks the store about a change of a Worker, and applies or drops it by the answer.
pub(crate) async fn settle(core: Arc<Core>, cell: Arc<Cell>, batch: Arc<Batch>) {
    let settled = ask(&core, &batch).await;
    core.unsettled.fetch_sub(1, Ordering::Relaxed);
    let mut state = cell.lock();
    match settled {
        Settled::Committed => {
            let mut after = After::default();
            state.unsettled = false;
            core.apply(&cell, &mut state, &batch, &mut after);
            drop(state);
            after.run(&core, &cell);
        }
        Settled::Never => {
            state.unsettled = false;
            core.give_back_room(&state, &batch);
            let waiting = thaw(&state, &batch);
            drop(state);
            waiting.wake();
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
    let mut pause = FIRST_PAUSE;
    loop {
        if core.is_closed() {
            return Settled::Abandoned;
        }
        let answer = catch_unwind(AssertUnwindSafe(|| {
            core.store.settle(core.lease, batch.worker_id, batch.expected_version + 1)
        }))
        .unwrap_or_else(|_| StoreFuture::ready(Err(StoreError::Unknown(String::new()))));
        let bound = Duration::from_millis(core.limits.commit_ms);
        match tokio::time::timeout(bound, core.handle.spawn(answer)).await {
            Ok(Ok(Ok(Settlement::Committed))) => return Settled::Committed,
            Ok(Ok(Ok(Settlement::Never))) => return Settled::Never,
            Ok(Ok(Err(StoreError::LeaseLost))) => {
                core.lose_lease();
                return Settled::Abandoned;
            }
            Ok(Ok(Err(_)) | Err(_)) | Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
