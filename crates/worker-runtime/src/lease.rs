//! The right to change the store: renewed while the Runtime lives, given back when it ends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    core::Core,
    store::{StoreError, StoreFuture},
};

/// Renews the lease until the Runtime ends or loses it.
pub(crate) async fn keep(core: Weak<Core>, lease_ms: u64) {
    let lease = Duration::from_millis(lease_ms);
    let mut good_until = Instant::now() + lease;
    loop {
        tokio::time::sleep(lease / 3).await;
        let Some(core) = core.upgrade() else { return };
        if core.is_closed() {
            return;
        }
        let asked_at = Instant::now();
        let answer = guarded(|| core.store.renew(core.lease, lease_ms));
        let left = good_until.saturating_duration_since(asked_at).max(lease / 3);
        match tokio::time::timeout(left, answer).await {
            Ok(Ok(())) => good_until = asked_at + lease,
            Ok(Err(StoreError::LeaseLost)) => return core.lose_lease(),
            // The lease still holds for a while; the store may come back.
            Ok(Err(StoreError::Refused(_) | StoreError::Unknown(_))) | Err(_) => {}
        }
        if Instant::now() >= good_until {
            return core.lose_lease();
        }
    }
}

impl Core {
    /// Gives the lease back and waits for the store's answer, within bounds.
    pub(crate) async fn release_lease(&self) {
        let bound = Duration::from_millis(self.limits.commit_ms);
        // A lease that is not given back runs out by itself.
        let _ = tokio::time::timeout(bound, guarded(|| self.store.release(self.lease))).await;
    }

    /// Gives the lease back without waiting, because nobody can.
    pub(crate) fn release_lease_soon(self: &Arc<Self>) {
        match guarded(|| self.store.release(self.lease)) {
            StoreFuture::Ready(_) => {}
            StoreFuture::Pending(release) => drop(self.handle.spawn(release)),
        }
    }
}

fn guarded(
    ask: impl FnOnce() -> StoreFuture<Result<(), StoreError>>,
) -> StoreFuture<Result<(), StoreError>> {
    catch_unwind(AssertUnwindSafe(ask))
        .unwrap_or_else(|_| StoreFuture::ready(Err(StoreError::Unknown(String::new()))))
}
