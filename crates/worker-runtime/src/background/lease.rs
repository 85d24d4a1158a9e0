//! The right to change the store: renewed while the Runtime lives, given back when it ends.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::Instant;

use crate::{state::core::Core, store::StoreError};

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
        let left = good_until.saturating_duration_since(asked_at).max(lease / 3);
        match core.ask_within(left, |it| it.renew(core.lease, lease_ms)).await {
            Ok(()) => good_until = asked_at + lease,
            Err(StoreError::LeaseLost) => return core.lose_lease(),
            // The lease still holds for a while; the store may come back.
            Err(StoreError::Refused(_) | StoreError::Unknown(_)) => {}
        }
        if Instant::now() >= good_until {
            return core.lose_lease();
        }
    }
}

impl Core {
    /// Gives the lease back and waits for the store's answer, within bounds.
    pub(crate) async fn release_lease(&self) {
        // A lease that is not given back runs out by itself.
        let _ = self.ask(|it| it.release(self.lease)).await;
    }

    /// Gives the lease back without waiting, because nobody can.
    pub(crate) fn release_lease_soon(self: &Arc<Self>) {
        match self.ask(|store| store.release(self.lease)).into_ready() {
            Ok(_) => {}
            Err(release) => drop(self.handle.spawn(release)),
        }
    }
}
