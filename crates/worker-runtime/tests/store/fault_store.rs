//! A store that fails at one commit, in every way in which a store can fail.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use worker_runtime::{
    WorkerId,
    store::{
        Batch, Lease, MemoryStore, Settlement, Store, StoreError, StoreFuture, StoredEventBody,
    },
};

use crate::wrapper::{Answer, Wrapper, immediate};

/// How a commit fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It is refused.
    Refuse,
    /// It says that it does not know, and did nothing.
    Unknown,
    /// It says that it does not know, and took effect.
    UnknownDone,
    /// It answers late, in time.
    Delay,
    /// It never answers and does nothing.
    Hang,
    /// It takes effect and never answers.
    HangDone,
    /// It takes effect long after everybody stopped waiting.
    Late,
    /// It panics when it is asked.
    Panic,
    /// It panics on its way.
    PanicPending,
    /// It takes effect and panics.
    PanicDone,
}

impl Fault {
    pub(crate) const ALL: [Self; 10] = [
        Self::Refuse,
        Self::Unknown,
        Self::UnknownDone,
        Self::Delay,
        Self::Hang,
        Self::HangDone,
        Self::Late,
        Self::Panic,
        Self::PanicPending,
        Self::PanicDone,
    ];

    /// Whether the commit takes effect.
    pub(crate) fn takes_effect(self) -> bool {
        match self {
            Self::UnknownDone | Self::Delay | Self::HangDone | Self::Late | Self::PanicDone => true,
            Self::Refuse | Self::Unknown | Self::Hang | Self::Panic | Self::PanicPending => false,
        }
    }
}

/// Past the time that a commit may take.
const LATE: Duration = Duration::from_secs(25);

/// A store in memory that fails at one commit.
#[derive(Default)]
pub(crate) struct FaultStore {
    pub(crate) inner: Arc<MemoryStore>,
    plan: Option<(u64, Fault)>,
    commits: AtomicU64,
    hit: Mutex<Option<Batch>>,
    /// The first `settle` after the fault fails as well.
    settle_failed: AtomicBool,
    /// Held by a commit that is late: what settles it must wait.
    gate: Arc<tokio::sync::Mutex<()>>,
    /// Every commit takes a few polls.
    slow: bool,
}

impl FaultStore {
    /// A store whose `n`-th commit fails; the first is 1.
    pub(crate) fn failing(n: u64, fault: Fault) -> Self {
        Self { plan: Some((n, fault)), ..Self::default() }
    }

    /// A store that keeps every commit waiting.
    pub(crate) fn slow() -> Self {
        Self { slow: true, ..Self::default() }
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The facts of the batch that failed.
    pub(crate) fn hit(&self) -> Vec<StoredEventBody> {
        let hit = self.hit.lock().unwrap();
        hit.iter().flat_map(|batch| batch.events.iter()).map(|event| event.body.clone()).collect()
    }

    fn fail(&self, fault: Fault, batch: &Batch) -> Answer<()> {
        let unknown = || Err(StoreError::Unknown("a fault".to_owned()));
        let (inner, later) = (Arc::clone(&self.inner), batch.clone());
        match fault {
            Fault::Refuse => StoreFuture::ready(Err(StoreError::Refused("a fault".to_owned()))),
            Fault::Unknown => StoreFuture::ready(unknown()),
            Fault::UnknownDone => {
                immediate(inner.commit(batch)).unwrap();
                StoreFuture::ready(unknown())
            }
            Fault::Delay => StoreFuture::pending(async move {
                tokio::time::sleep(Duration::from_secs(3)).await;
                inner.commit(&later).await
            }),
            Fault::Hang => StoreFuture::pending(pending()),
            Fault::HangDone => {
                immediate(inner.commit(batch)).unwrap();
                StoreFuture::pending(pending())
            }
            Fault::Late => {
                let gate = Arc::clone(&self.gate).try_lock_owned().unwrap();
                tokio::spawn(async move {
                    tokio::time::sleep(LATE).await;
                    inner.commit(&later).await.unwrap();
                    drop(gate);
                });
                StoreFuture::pending(pending())
            }
            Fault::Panic => panic!("a fault"),
            Fault::PanicPending => StoreFuture::pending(async { panic!("a fault") }),
            Fault::PanicDone => {
                immediate(inner.commit(batch)).unwrap();
                StoreFuture::pending(async { panic!("a fault") })
            }
        }
    }
}

impl Wrapper for FaultStore {
    fn inner(&self) -> &Arc<MemoryStore> {
        &self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some((n, fault)) = self.plan
            && n == number
        {
            *self.hit.lock().unwrap() = Some(batch.clone());
            return self.fail(fault, batch);
        }
        if self.slow {
            let (inner, batch) = (Arc::clone(&self.inner), batch.clone());
            return StoreFuture::pending(async move {
                tokio::task::yield_now().await;
                let answer = inner.commit(&batch).await;
                tokio::task::yield_now().await;
                answer
            });
        }
        self.inner.commit(batch)
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        assert!(
            self.settle_failed.swap(true, Ordering::Relaxed),
            "the first settlement fails as well"
        );
        let (inner, gate) = (Arc::clone(&self.inner), Arc::clone(&self.gate));
        StoreFuture::pending(async move {
            let _settled = gate.lock().await;
            inner.settle(lease, worker_id, version).await
        })
    }
}
