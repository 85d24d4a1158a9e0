//! A store whose next commits go as a test says.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Semaphore;
use worker_runtime::{
    WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CreateKey, EventPage, Lease, MemoryStore, OpenError, OpenRequest, Opened,
        Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredWorker, TurnSelector,
        Unreadable,
    },
};

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is taken, at once.
    Taken,
    /// It is taken once [`SteppedStore::release`] is called.
    Held,
    /// Nothing happens.
    Refused,
    /// It is taken, and nobody learns it until it is settled.
    UnknownTaken,
    /// It is not taken, and nobody learns it until it is settled.
    UnknownNever,
}

/// A [`MemoryStore`] whose next commits go as a test says; all others are taken.
#[derive(Clone)]
pub(crate) struct SteppedStore {
    inner: Arc<MemoryStore>,
    verdicts: Arc<Mutex<VecDeque<Verdict>>>,
    commits: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    /// Settling answers only while this is free.
    settling: Arc<Semaphore>,
}

impl SteppedStore {
    pub(crate) fn new(inner: Arc<MemoryStore>) -> Self {
        Self {
            inner,
            verdicts: Arc::default(),
            commits: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            settling: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// What becomes of the next commits, in order.
    pub(crate) fn next(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        self.verdicts.lock().expect("no test panics in here").extend(verdicts);
    }

    /// How many commits were tried.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// Lets one held commit go.
    pub(crate) fn release(&self) {
        self.gate.add_permits(1);
    }

    /// Settling answers nothing from now on.
    pub(crate) fn stop_settling(&self) {
        self.settling.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Settling answers again.
    pub(crate) fn go_on_settling(&self) {
        self.settling.add_permits(1 << 20);
    }

    fn verdict(&self) -> Verdict {
        let next = self.verdicts.lock().expect("no test panics in here").pop_front();
        next.unwrap_or(Verdict::Taken)
    }
}

impl Store for SteppedStore {
    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        self.inner.open(request)
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> StoreFuture<Result<(), StoreError>> {
        self.inner.renew(lease, lease_ms)
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        self.inner.release(lease)
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let unknown = || Err(StoreError::Unknown("as the test says".to_owned()));
        match self.verdict() {
            Verdict::Taken => self.inner.commit(batch),
            Verdict::Held => {
                let (store, gate) = (Arc::clone(&self.inner), Arc::clone(&self.gate));
                let batch = batch.clone();
                StoreFuture::pending(async move {
                    gate.acquire().await.expect("the gate stays").forget();
                    store.commit(&batch).await
                })
            }
            Verdict::Refused => {
                StoreFuture::ready(Err(StoreError::Refused("as the test says".to_owned())))
            }
            Verdict::UnknownTaken => {
                let (store, batch) = (Arc::clone(&self.inner), batch.clone());
                StoreFuture::pending(async move {
                    store.commit(&batch).await?;
                    unknown()
                })
            }
            Verdict::UnknownNever => StoreFuture::ready(unknown()),
        }
    }

    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>> {
        let (store, settling) = (Arc::clone(&self.inner), Arc::clone(&self.settling));
        StoreFuture::pending(async move {
            let _free = settling.acquire().await.expect("it stays");
            store.settle(lease, worker_id, version).await
        })
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, Unreadable>>, StoreError>> {
        self.inner.workers(after, limit)
    }

    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>> {
        self.inner.create_keys()
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TranscriptEntry>>, StoreError>> {
        self.inner.entries(worker_id, first, limit)
    }

    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TurnDetail>>, StoreError>> {
        self.inner.turns(worker_id, first, limit)
    }

    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnSelector,
    ) -> StoreFuture<Result<Option<Arc<TurnDetail>>, StoreError>> {
        self.inner.turn(worker_id, selector)
    }

    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>> {
        self.inner.events(worker_id, after, limit)
    }
}

impl fmt::Debug for SteppedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteppedStore").finish_non_exhaustive()
    }
}
