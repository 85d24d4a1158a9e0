//! A store whose next commits end as the test says.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Semaphore;
use worker_runtime::{
    WorkerId,
    store::{Batch, Lease, MemoryStore, Settlement, Store, StoreError, StoreFuture, StoreWrapper},
};

use super::wrapper::{Answer, immediate};

/// The outcome of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The batch is applied at once.
    Taken,
    /// The batch is applied after a call of [`SteppedStore::release_one`].
    Held,
    /// The batch is not applied.
    Refused,
    /// The batch is applied, but the answer is [`StoreError::Unknown`].
    UnknownTaken,
    /// The batch is not applied, and the answer is [`StoreError::Unknown`].
    UnknownNever,
}

/// A [`MemoryStore`] whose next commits end as the test says. All later batches are applied.
#[derive(Clone)]
pub(crate) struct SteppedStore {
    inner: Arc<MemoryStore>,
    verdicts: Arc<Mutex<VecDeque<Verdict>>>,
    commits: Arc<AtomicUsize>,
    /// Has a permit for each held commit that may go on.
    gate: Arc<Semaphore>,
    /// Has no permit while `settle` does not answer.
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

    /// The store for a Runtime. It shares its state with `self`.
    pub(crate) fn as_store(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    /// Sets the outcomes of the next commits, in order.
    pub(crate) fn next(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        self.verdicts.lock().expect("no test panics in here").extend(verdicts);
    }

    /// The number of commits so far.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// Lets one held commit go on.
    pub(crate) fn release_one(&self) {
        self.gate.add_permits(1);
    }

    /// Makes `settle` hang from now on.
    pub(crate) fn stop_settling(&self) {
        self.settling.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Makes `settle` answer again.
    pub(crate) fn go_on_settling(&self) {
        self.settling.add_permits(1 << 20);
    }

    fn verdict(&self) -> Verdict {
        let next = self.verdicts.lock().expect("no test panics in here").pop_front();
        next.unwrap_or(Verdict::Taken)
    }
}

impl StoreWrapper for SteppedStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let unknown = || Err(StoreError::Unknown("as the test says".to_owned()));
        let (store, batch) = (Arc::clone(&self.inner), batch.clone());
        match self.verdict() {
            Verdict::Taken => store.commit(&batch),
            Verdict::Held => {
                let gate = Arc::clone(&self.gate);
                StoreFuture::pending(async move {
                    gate.acquire().await.expect("the gate stays").forget();
                    store.commit(&batch).await
                })
            }
            Verdict::Refused => {
                StoreFuture::ready(Err(StoreError::Refused("as the test says".to_owned())))
            }
            Verdict::UnknownTaken => StoreFuture::pending(async move {
                immediate(store.commit(&batch))?;
                unknown()
            }),
            Verdict::UnknownNever => StoreFuture::ready(unknown()),
        }
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        let (store, settling) = (Arc::clone(&self.inner), Arc::clone(&self.settling));
        StoreFuture::pending(async move {
            let _permit = settling.acquire().await.expect("the semaphore stays open");
            store.settle(lease, worker_id, version).await
        })
    }
}
