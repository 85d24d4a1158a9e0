//! Deletes Workers that have ended, if the Runtime was built with a retention.

use std::sync::{Arc, Weak};

use tokio::task::JoinSet;

use crate::{
    commands::DeleteWorker,
    commit::{change::Cause, seal::Seal},
    identity::WorkerId,
    state::{
        core::Core,
        ended_workers::{Due, EndedWorkers},
        worker_cell::WorkerCell,
    },
    sync::{Executor, fair},
};

/// Starts the task that deletes Workers that are due, if the Runtime has a retention.
pub(crate) fn start(core: &Arc<Core>) {
    if core.ended_workers.is_on() {
        let ended_workers = Arc::clone(&core.ended_workers);
        core.executor.spawn(prune(Arc::downgrade(core), ended_workers, core.executor.clone()));
    }
}

async fn prune(core: Weak<Core>, ended_workers: Arc<EndedWorkers>, executor: Executor) {
    loop {
        let Some(core_now) = core.upgrade().filter(|core| !core.is_closed()) else { return };
        let due = ended_workers.due(core_now.now_ms());
        if let Due::Now(going) = &due {
            delete(&core_now, going).await;
        }
        drop(core_now);
        match due {
            // The deletions may all be done at once.
            Due::Now(_) => fair().await,
            // In either case, a notification or the end of the time, the loop looks again.
            Due::In(left) => {
                let changed = ended_workers.changed.notified();
                let _ = executor.within(executor.after(left), changed).await;
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
                core.executor.spawn_in(&mut deletions, delete_one(Arc::clone(core), cell));
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
    let deleted = core.change(&cell, Seal::No, Cause::Runtime, move |context, worker| {
        command.decide(context, worker)
    });
    if let Err(error) = deleted.await {
        tracing::debug!(%error, "an ended Worker could not be deleted yet");
    }
}
