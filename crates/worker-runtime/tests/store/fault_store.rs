//! A store whose n-th commit fails, in each way in which a commit can fail.

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
        Batch, Lease, MemoryStore, Settlement, Store, StoreError, StoreFuture, StoreWrapper,
        StoredEventBody,
    },
};

use crate::wrapper::{Answer, immediate};

/// The way in which a commit fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The store refuses the batch.
    Refuse,
    /// The answer is [`StoreError::Unknown`], and the batch is not applied.
    Unknown,
    /// The answer is [`StoreError::Unknown`], and the batch is applied.
    UnknownDone,
    /// The batch is applied late, but within the time limit of a commit.
    Delay,
    /// The commit never answers, and the batch is not applied.
    Hang,
    /// The commit never answers, and the batch is applied.
    HangDone,
    /// The commit never answers, and the batch is applied long after the time limit.
    Late,
    /// The call of `commit` panics.
    Panic,
    /// The future of the commit panics.
    PanicPending,
    /// The batch is applied, and the future of the commit panics.
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

    /// Whether the batch is applied.
    pub(crate) fn takes_effect(self) -> bool {
        match self {
            Self::UnknownDone | Self::Delay | Self::HangDone | Self::Late | Self::PanicDone => true,
            Self::Refuse | Self::Unknown | Self::Hang | Self::Panic | Self::PanicPending => false,
        }
    }
}

/// A delay past the time limit of a commit.
const LATE: Duration = Duration::from_secs(25);

/// A store in memory, one of whose commits fails.
#[derive(Default)]
pub(crate) struct FaultStore {
    pub(crate) inner: Arc<MemoryStore>,
    /// The number of the commit that fails, and the fault.
    plan: Option<(u64, Fault)>,
    commits: AtomicU64,
    /// The batch of the commit that failed.
    failed: Mutex<Option<Batch>>,
    /// Whether the first `settle`, which panics, was called.
    settle_failed: AtomicBool,
    /// Locked until the batch of [`Fault::Late`] is applied. `settle` waits for the lock.
    gate: Arc<tokio::sync::Mutex<()>>,
    /// Whether every commit takes some polls.
    slow: bool,
}

impl FaultStore {
    /// A store whose `n`-th commit fails. The first commit is number 1.
    pub(crate) fn failing(n: u64, fault: Fault) -> Self {
        Self { plan: Some((n, fault)), ..Self::default() }
    }

    /// A store whose commits take some polls and succeed.
    pub(crate) fn slow() -> Self {
        Self { slow: true, ..Self::default() }
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The events in the batch of the commit that failed.
    pub(crate) fn failed_events(&self) -> Vec<StoredEventBody> {
        let failed = self.failed.lock().unwrap();
        failed
            .iter()
            .flat_map(|batch| batch.events.iter())
            .map(|event| event.body.clone())
            .collect()
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

impl StoreWrapper for FaultStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some((n, fault)) = self.plan
            && n == number
        {
            *self.failed.lock().unwrap() = Some(batch.clone());
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
            "the first settlement fails, too"
        );
        let (inner, gate) = (Arc::clone(&self.inner), Arc::clone(&self.gate));
        StoreFuture::pending(async move {
            let _settled = gate.lock().await;
            inner.settle(lease, worker_id, version).await
        })
    }
}
