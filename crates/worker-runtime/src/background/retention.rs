//! Deletes Workers that have ended, if the Runtime was built with a retention.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    commands::DeleteWorker,
    commit::seal::Seal,
    identity::WorkerId,
    state::{
        core::Core,
        ended_workers::{Due, EndedWorkers},
        worker_cell::WorkerCell,
    },
    sync::{Backoff, contained, fair},
};

/// The pauses after a panic of the clock.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(30));

/// Starts the task that deletes Workers that are due, if the Runtime has a retention.
pub(crate) fn start(core: &Arc<Core>) {
    if core.ended_workers.is_on() {
        core.handle.spawn(prune(Arc::downgrade(core), Arc::clone(&core.ended_workers)));
    }
}

async fn prune(core: Weak<Core>, ended_workers: Arc<EndedWorkers>) {
    let mut backoff = BACKOFF;
    loop {
        let Some(core_now) = core.upgrade().filter(|core| !core.is_closed()) else { return };
        // A clock that panics delays the deletions, and does not end the task.
        let Some(now_ms) = contained(|| core_now.now_ms()) else {
            drop(core_now);
            backoff.pause().await;
            continue;
        };
        let due = ended_workers.due(now_ms);
        backoff = BACKOFF;
        if let Due::Now(going) = &due {
            delete(&core_now, going).await;
        }
        drop(core_now);
        match due {
            // The deletions may all be done at once.
            Due::Now(_) => fair().await,
            // In either case, a notification or the end of the time, the loop looks again.
            Due::In(left) => {
                drop(tokio::time::timeout(left, ended_workers.changed.notified()).await);
            }
            Due::Nothing => ended_workers.changed.notified().await,
        }
    }
}

/// Deletes Workers as the command `delete_worker` does. Those that could not be deleted are put
/// off.
async fn delete(core: &Arc<Core>, going: &[(u64, WorkerId)]) {
    let mut deletions = JoinSet::new();
    for (ordinal, worker_id) in going {
        match core.catalogue.get(*worker_id) {
            Some(cell) => {
                deletions.spawn_on(delete_one(Arc::clone(core), cell), &core.handle);
            }
            None => core.ended_workers.forget(*ordinal),
        }
    }
    while deletions.join_next().await.is_some() {}
    // Whatever became of a deletion, even a panic, the Worker does not come first again.
    for (ordinal, _) in going {
        core.ended_workers.put_off(*ordinal);
    }
}

async fn delete_one(core: Arc<Core>, cell: Arc<WorkerCell>) {
    let command = DeleteWorker::new(core.identity.worker(cell.worker_id));
    let deleted =
        core.change(&cell, Seal::No, true, |context, worker| command.decide(context, worker));
    if let Err(error) = deleted.await {
        tracing::debug!(%error, "an ended Worker could not be deleted yet");
    }
}
