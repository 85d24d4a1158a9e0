//! Stores whose commits break the contract.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use worker_runtime::store::{
    Batch, Change, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError,
    StoreFuture, StoreWrapper, Totals, WorkerRecord,
};

use super::plain;
use crate::wrapper::{Answer, immediate};

plain! {
    /// Applies a batch without its last entry, unless the batch creates the Worker.
    LosesEntry {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let mut batch = batch.clone();
            if batch.expected_version > 1 {
                batch.entries.pop();
            }
            self.0.commit(&batch)
        }
    }

    /// Applies a batch without its keys.
    Forgetful {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            self.0.commit(&Batch { key: None, create_key: None, ..batch.clone() })
        }
    }

    /// Applies a batch, but does not count the creation.
    LosesTotals {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let totals = match batch.change {
                Change::Put(_) => Totals { created: 0, ..batch.totals },
                Change::Delete => batch.totals,
            };
            self.0.commit(&Batch { totals, ..batch.clone() })
        }
    }

    /// Keeps the first 65,535 bytes of a text, as a column of a database may.
    CutsLongTexts {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let mut batch = batch.clone();
            for entry in &mut batch.entries {
                let kept = entry.text.floor_char_boundary(65_535);
                if kept < entry.text.len() {
                    let kept = entry.text[..kept].into();
                    Arc::make_mut(entry).text = kept;
                }
            }
            self.0.commit(&batch)
        }
    }

    /// Applies a batch with the last of its turns only.
    OneTurn {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let turns = batch.turns.last().cloned().into_iter().collect();
            self.0.commit(&Batch { turns, ..batch.clone() })
        }
    }

    /// Keeps the spec that a Worker was created with.
    KeepsSpec {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let mut batch = batch.clone();
            let workers = immediate(self.0.workers(0, usize::MAX)).unwrap();
            let there = workers.into_iter().flatten();
            let mut there = there.filter(|worker| worker.record.worker_id == batch.worker_id);
            if let (Change::Put(record), Some(there)) = (&mut batch.change, there.next()) {
                Arc::make_mut(record).spec = Arc::clone(&there.record.spec);
            }
            self.0.commit(&batch)
        }
    }

    /// Refuses a batch with a wrong version, but applies the batch.
    RefusesAndDoes {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let answer = immediate(self.0.commit(batch));
            if matches!(answer, Err(StoreError::Refused(_))) {
                let version = version_of(&self.0, batch);
                let worker_id = batch.worker_id;
                if version > 0 && batch.entries.len() == 1 {
                    let again = Batch { expected_version: version, worker_id, ..batch.clone() };
                    let _ = immediate(self.0.commit(&again));
                }
            }
            StoreFuture::ready(answer)
        }
    }

    /// Ignores the expected version.
    IgnoresVersion {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let expected_version = version_of(&self.0, batch);
            self.0.commit(&Batch { expected_version, ..batch.clone() })
        }
    }
}

fn version_of(store: &MemoryStore, batch: &Batch) -> u64 {
    let workers = immediate(store.workers(0, usize::MAX)).unwrap();
    let found =
        workers.into_iter().flatten().find(|worker| worker.record.worker_id == batch.worker_id);
    found.map_or(0, |worker| worker.record.version)
}

/// Answers every third commit with `Ok`, but does not apply the batch.
#[derive(Default)]
pub(crate) struct Liar {
    inner: Arc<MemoryStore>,
    commits: AtomicU64,
}

impl StoreWrapper for Liar {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        if self.commits.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
            return StoreFuture::ready(Ok(()));
        }
        self.inner.commit(batch)
    }
}

/// Refuses the batch that comes after one that must be refused, as if the two were one group.
#[derive(Default)]
pub(crate) struct FailsNext {
    inner: Arc<MemoryStore>,
    has_refused: AtomicBool,
}

impl StoreWrapper for FailsNext {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        if self.has_refused.swap(false, Ordering::Relaxed) {
            return StoreFuture::ready(Err(StoreError::Refused("the group failed".to_owned())));
        }
        let answer = immediate(self.inner.commit(batch));
        let is_refused = matches!(answer, Err(StoreError::Refused(_)));
        self.has_refused.store(is_refused, Ordering::Relaxed);
        StoreFuture::ready(answer)
    }
}

/// Applies batches that come with an older lease.
#[derive(Default)]
pub(crate) struct IgnoresLease {
    inner: Arc<MemoryStore>,
    newest: Mutex<Option<Lease>>,
}

impl StoreWrapper for IgnoresLease {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.inner.open(request));
        if let Ok(opened) = &opened {
            *self.newest.lock().unwrap() = Some(opened.lease);
        }
        StoreFuture::ready(opened)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let lease = self.newest.lock().unwrap().unwrap();
        self.inner.commit(&Batch { lease, ..batch.clone() })
    }
}

/// Restores deleted Workers when the store is opened.
#[derive(Default)]
pub(crate) struct Resurrects {
    inner: Arc<MemoryStore>,
    deleted: Mutex<Vec<(Batch, Arc<WorkerRecord>)>>,
}

impl StoreWrapper for Resurrects {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.inner.open(request));
        if let Ok(opened) = &opened {
            for (batch, record) in self.deleted.lock().unwrap().drain(..) {
                let creation = Batch {
                    lease: opened.lease,
                    expected_version: 0,
                    change: Change::Put(record),
                    totals: Totals::default(),
                    ..batch
                };
                immediate(self.inner.commit(&creation)).unwrap();
            }
        }
        StoreFuture::ready(opened)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let workers = immediate(self.inner.workers(0, usize::MAX)).unwrap();
        let found =
            workers.into_iter().flatten().find(|worker| worker.record.worker_id == batch.worker_id);
        let answer = immediate(self.inner.commit(batch));
        if let (Change::Delete, Some(found), Ok(())) = (&batch.change, found, &answer) {
            self.deleted.lock().unwrap().push((batch.clone(), found.record));
        }
        StoreFuture::ready(answer)
    }
}
