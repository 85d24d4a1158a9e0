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
/// The store is foreign code, and may hang or panic. A call that panics fails at once with
/// [`StoreError::Unknown`], and so does a call without an answer after its time limit, which is
/// measured by the clock of `handle`.
pub(crate) struct StoreClient {
    store: Arc<dyn Store>,
    info: StoreInfo,
    lease: Lease,
    handle: Handle,
    /// The time limit of a commit, and of every call without a limit of its own.
    time_out: Duration,
    /// The number of commits that failed so far.
    failures: AtomicU64,
}

type Answer<T> = StoreFuture<Result<T, StoreError>>;

impl StoreClient {
    /// Opens the store for a Runtime, which then owns it.
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

    /// Calls the store with the time limit of a commit.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        self.ask_within(self.time_out, ask)
    }

    /// Calls the store, which has to answer within the duration `within`.
    fn ask_within<T: Send + 'static>(
        &self,
        within: Duration,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        guarded(&self.handle, within, StoreError::Unknown, || ask(&*self.store))
    }

    /// Commits a batch.
    pub(crate) fn commit(&self, batch: &Batch) -> Answer<()> {
        self.ask(|store| store.commit(batch))
    }

    /// Asks whether the commit that would have brought a Worker to `version` took effect.
    pub(crate) fn settle(&self, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.ask(|store| store.settle(self.lease, worker_id, version))
    }

    /// Renews the lease for `duration`, and waits for the answer no longer than `within`.
    pub(crate) fn renew(&self, duration: Duration, within: Duration) -> Answer<()> {
        self.ask_within(within, |store| store.renew(self.lease, duration))
    }

    /// Releases the lease, and waits for the answer no longer than `within`. A lease that could not
    /// be released runs out by itself.
    pub(crate) fn release(&self, within: Duration) -> Answer<()> {
        self.ask_within(within.min(self.time_out), |store| store.release(self.lease))
    }

    /// Returns the lease that commits are written under.
    pub(crate) fn lease(&self) -> Lease {
        self.lease
    }

    /// Returns the time limit of a commit.
    pub(crate) fn time_out(&self) -> Duration {
        self.time_out
    }

    /// Returns the description that the store gave of itself when it was opened.
    pub(crate) fn info(&self) -> &StoreInfo {
        &self.info
    }

    /// Returns the number of commits that failed so far.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Counts and logs a commit that failed.
    pub(crate) fn commit_failed(&self, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(?error, "a commit failed");
    }
}
