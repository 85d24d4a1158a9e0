//! Deletes Workers that have ended, if the Runtime was built with a retention.

use std::sync::{Arc, Weak};

use tokio::task::JoinSet;

use crate::{
    commands::DeleteWorker,
    commit::{change::Cause, seal::Seal},
    error::RuntimeError,
    identity::WorkerId,
    model::Severity,
    state::{
        core::Core,
        ended_workers::{Due, EndedWorkers},
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
    // They end with this task. The commits that they have sent are concluded all the same.
    let mut deletions = JoinSet::new();
    loop {
        while deletions.try_join_next().is_some() {}
        let Some(core_now) = core.upgrade().filter(|core| !core.is_closed()) else { return };
        let due = ended_workers.due(core_now.now_ms());
        if let Due::Now(going) = &due {
            for (ordinal, worker_id) in going {
                let deletion = Deletion { ordinal: *ordinal, core: Arc::clone(&core_now) };
                executor.spawn_in(&mut deletions, deletion.run(*worker_id));
            }
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

/// The deletion of a Worker. Whatever becomes of it, even a panic, a Worker that is still there is
/// put off when this is dropped, so that it does not come first again.
struct Deletion {
    ordinal: u64,
    core: Arc<Core>,
}

impl Deletion {
    /// Deletes the Worker as the command `delete_worker` does.
    async fn run(self, worker_id: WorkerId) {
        let core = &self.core;
        let Some(cell) = core.catalogue.get(worker_id) else {
            return core.ended_workers.forget(self.ordinal);
        };
        let command = DeleteWorker::new(core.identity.worker(worker_id));
        let deleted = core.change(&cell, Seal::No, Cause::Runtime, move |context, worker| {
            command.decide(context, worker)
        });
        let Err(error) = deleted.await else { return };
        tracing::debug!(%error, "an ended Worker could not be deleted yet");
        // A commit whose outcome is unknown was told when that was noticed.
        let is_refused = matches!(error, RuntimeError::StoreFailed { certain: true, .. });
        if core.ended_workers.put_off(self.ordinal) && is_refused {
            let message = "the store did not take the deletion of an ended worker; trying again";
            core.note(Severity::Warning, message, &*cell, None);
        }
    }
}

impl Drop for Deletion {
    fn drop(&mut self) {
        self.core.ended_workers.put_off(self.ordinal);
        self.core.ended_workers.changed.notify_one();
    }
}
