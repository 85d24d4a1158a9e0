//! A Runtime's access to its store: every call is contained and bounded in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;

use crate::{
    identity::WorkerId,
    store::{
        Batch, Lease, OpenError, OpenRequest, Opened, Settlement, Store, StoreError, StoreFuture,
        StoreInfo, guard::guarded,
    },
    sync::contained,
};

/// The store of a Runtime that owns it.
///
/// The store is foreign code, and may hang or panic. Either is a [`StoreError::Unknown`]: a panic at once,
/// and an answer that does not come within `time_out`, by the clock of `handle`.
pub(crate) struct StoreClient {
    store: Arc<dyn Store>,
    info: StoreInfo,
    lease: Lease,
    handle: Handle,
    /// The time that a commit may take, and so every other call.
    time_out: Duration,
    /// Commits that failed so far.
    failures: AtomicU64,
}

type Answer<T> = StoreFuture<Result<T, StoreError>>;

impl StoreClient {
    /// Takes the store.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        request: OpenRequest,
        handle: Handle,
        time_out: Duration,
    ) -> Result<(Self, Opened), OpenError> {
        let opened = guarded(&handle, time_out, OpenError::Failed, || store.open(request)).await?;
        let info = contained(|| store.info());
        let info = info.ok_or_else(|| OpenError::Failed("the store panicked".to_owned()))?;
        let (lease, failures) = (opened.lease, AtomicU64::new(0));
        Ok((Self { store, info, lease, handle, time_out, failures }, opened))
    }

    /// Asks the store, which has to answer in the time that a commit may take.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        self.ask_within(self.time_out, ask)
    }

    /// Asks the store, which has to answer in this time.
    fn ask_within<T: Send + 'static>(
        &self,
        within: Duration,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        guarded(&self.handle, within, StoreError::Unknown, || ask(&*self.store))
    }

    /// Has the store take a batch.
    pub(crate) fn commit(&self, batch: &Batch) -> Answer<()> {
        self.ask(|store| store.commit(batch))
    }

    /// Asks what became of the commit that made this version of a Worker.
    pub(crate) fn settle(&self, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.ask(|store| store.settle(self.lease, worker_id, version))
    }

    /// Renews the lease.
    pub(crate) fn renew(&self, duration: Duration, within: Duration) -> Answer<()> {
        self.ask_within(within, |store| store.renew(self.lease, duration))
    }

    /// Gives the store back, and waits no longer than `within`. A lease that is not given back runs out.
    pub(crate) fn release(&self, within: Duration) -> Answer<()> {
        self.ask_within(within.min(self.time_out), |store| store.release(self.lease))
    }

    /// The lease that commits are written under.
    pub(crate) fn lease(&self) -> Lease {
        self.lease
    }

    /// The time that a commit may take.
    pub(crate) fn time_out(&self) -> Duration {
        self.time_out
    }

    /// What the store says of itself.
    pub(crate) fn info(&self) -> &StoreInfo {
        &self.info
    }

    /// Commits that failed so far.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Counts a commit that failed.
    pub(crate) fn commit_failed(&self, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(?error, "a commit failed");
    }
}
