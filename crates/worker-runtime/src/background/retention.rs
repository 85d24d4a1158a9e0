//! Deletes Workers that have ended, if the Runtime was built with a retention.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    commands::DeleteWorker,
    commit::seal::Seal,
    error::RuntimeError,
    identity::WorkerId,
    state::{
        core::Core,
        ended_workers::{Due, EndedWorkers},
        worker_cell::WorkerCell,
    },
    sync::{Backoff, contained},
};

/// The pauses after deletions that failed, and after a panic of the clock.
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
        let went = match &due {
            Due::Now(going) => delete(&core_now, going).await,
            Due::In(_) | Due::Nothing => true,
        };
        drop(core_now);
        match due {
            Due::Now(_) if went => backoff = BACKOFF,
            Due::Now(_) => backoff.pause().await,
            // In either case, a notification or the end of the time, the loop looks again.
            Due::In(left) => {
                drop(tokio::time::timeout(left, ended_workers.changed.notified()).await);
            }
            Due::Nothing => ended_workers.changed.notified().await,
        }
    }
}

/// Deletes Workers as the command `delete_worker` does. Returns whether all of them are deleted.
async fn delete(core: &Arc<Core>, going: &[WorkerId]) -> bool {
    let mut deletions = JoinSet::new();
    for cell in going.iter().filter_map(|id| core.catalogue.get(*id)) {
        deletions.spawn_on(delete_one(Arc::clone(core), cell), &core.handle);
    }
    let mut went = true;
    while let Some(deleted) = deletions.join_next().await {
        went &= deleted.unwrap_or(false);
    }
    went
}

async fn delete_one(core: Arc<Core>, cell: Arc<WorkerCell>) -> bool {
    let command = DeleteWorker::new(core.identity.worker(cell.worker_id));
    let deleted =
        core.change(&cell, Seal::No, true, |context, worker| command.decide(context, worker));
    match deleted.await {
        Ok(_) | Err(RuntimeError::WorkerNotFound {}) => true,
        Err(_) => false,
    }
}
