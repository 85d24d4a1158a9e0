//! Renews the lease of the store while the Runtime lives, and releases it when the Runtime, or the
//! tokio runtime that it was given, is dropped.

use std::{sync::Weak, time::Duration};

use crate::{
    model::Severity,
    state::{about::About, core::Core},
    store::StoreError,
    sync::Executor,
};

/// Returns a future that renews the lease until the Runtime ends or loses it. Dropping the future
/// ends the Runtime, even if it was never polled.
pub(crate) fn keep(
    core: Weak<Core>,
    executor: Executor,
    lease: Duration,
) -> impl Future<Output = ()> + Send {
    renew(Sentinel(core), executor, lease)
}

async fn renew(sentinel: Sentinel, executor: Executor, lease: Duration) {
    let Sentinel(core) = &sentinel;
    let mut is_told = false;
    loop {
        executor.sleep(lease / 3).await;
        let Some(core) = core.upgrade() else { return };
        if core.is_closed() {
            return;
        }
        let asked_at = executor.now();
        let renewed = core.store.renew(lease, core.store.lease_left().max(lease / 3)).await;
        if core.shutdown.is_closed() {
            // A stop releases the lease itself, and ends this task.
            continue;
        }
        match renewed {
            Ok(()) => {
                core.store.lease_renewed(asked_at, lease);
                is_told = false;
            }
            Err(StoreError::LeaseLost) => return core.lose_lease(),
            // The lease has not run out yet, and the store may recover before that.
            Err(error @ (StoreError::Refused(_) | StoreError::Unknown(_))) => {
                core.store.lease_failed(&error);
                if !std::mem::replace(&mut is_told, true) {
                    let message = "the store did not renew its lease; trying again until it ends";
                    core.note(Severity::Warning, message, About::Nobody, None);
                }
            }
        }
        if core.store.lease_is_over() {
            return core.lose_lease();
        }
    }
}

/// Releases the lease without waiting for the store, because the caller is a `Drop`, which cannot
/// wait.
pub(crate) fn release_soon(core: &Core) {
    if let Err(release) = core.store.release(core.store.time_out()).into_ready() {
        // A lease that could not be released runs out by itself.
        core.executor.spawn(async move { drop(release.await) });
    }
}

/// Ends the Runtime because the tokio runtime that it was given is gone. Nothing runs any more then.
pub(crate) fn end(core: &Core) {
    if !core.is_closed() {
        core.abandon();
        release_soon(core);
    }
}

/// Ends the Runtime if the task that keeps the lease is dropped with its tokio runtime.
struct Sentinel(Weak<Core>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        if let Some(core) = self.0.upgrade() {
            end(&core);
        }
    }
}
