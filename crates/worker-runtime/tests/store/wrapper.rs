//! A store that hands everything to a [`MemoryStore`], to be made different in one respect.

use std::sync::Arc;

use futures_util::FutureExt;

use worker_runtime::{
    WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CreateKey, EventPage, Lease, MemoryStore, OpenError, OpenRequest, Opened,
        Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredWorker, TurnSelector,
        Unreadable,
    },
};

pub(crate) type Answer<T> = StoreFuture<Result<T, StoreError>>;
pub(crate) type Listed = Vec<Result<StoredWorker, Unreadable>>;

/// Every method of [`Store`] with what the store inside answers.
pub(crate) trait Wrapper: Send + Sync + 'static {
    fn inner(&self) -> &Arc<MemoryStore>;

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        self.inner().open(request)
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> Answer<()> {
        self.inner().renew(lease, lease_ms)
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        self.inner().release(lease)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.inner().commit(batch)
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.inner().settle(lease, worker_id, version)
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
        self.inner().workers(after, limit)
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        self.inner().create_keys()
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TranscriptEntry>>> {
        self.inner().entries(id, first, limit)
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TurnDetail>>> {
        self.inner().turns(id, first, limit)
    }

    fn turn(&self, id: WorkerId, selector: TurnSelector) -> Answer<Option<Arc<TurnDetail>>> {
        self.inner().turn(id, selector)
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.inner().events(id, after, limit)
    }
}

/// A wrapper as the store that it is.
pub(crate) struct Wrapped<W>(pub(crate) W);

impl<W: Wrapper> Store for Wrapped<W> {
    fn info(&self) -> StoreInfo {
        self.0.inner().info()
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        self.0.open(request)
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> Answer<()> {
        self.0.renew(lease, lease_ms)
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        self.0.release(lease)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.0.commit(batch)
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.0.settle(lease, worker_id, version)
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
        self.0.workers(after, limit)
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        self.0.create_keys()
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TranscriptEntry>>> {
        self.0.entries(id, first, limit)
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TurnDetail>>> {
        self.0.turns(id, first, limit)
    }

    fn turn(&self, id: WorkerId, selector: TurnSelector) -> Answer<Option<Arc<TurnDetail>>> {
        self.0.turn(id, selector)
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.0.events(id, after, limit)
    }
}

/// What a store answers that is there at once.
pub(crate) fn known<T: Unpin>(answer: StoreFuture<T>) -> T {
    answer.now_or_never().expect("a store in memory answers at once")
}
