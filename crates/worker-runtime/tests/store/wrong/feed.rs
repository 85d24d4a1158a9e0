//! A store in memory with a feed of changes, and stores whose feeds break the contract.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use worker_runtime::{
    WorkerId,
    store::{
        Batch, Change, ChangePage, MemoryStore, Store, StoreFuture, StoreWrapper, StoredChange,
    },
};

use crate::wrapper::{Answer, immediate};

/// What is wrong with a feed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Nothing,
    /// A deletion takes the Worker out of the feed.
    ForgetsDeletions,
    /// The feed has the creations of Workers only.
    ForgetsChanges,
    /// The number is taken when a commit begins, and shown when it ends.
    NumbersEarly,
}

/// A store with a feed of changes.
pub(crate) struct Feed {
    inner: Arc<MemoryStore>,
    fault: Fault,
    numbers: Mutex<u64>,
    newest: Arc<Mutex<BTreeMap<WorkerId, StoredChange>>>,
}

impl Feed {
    pub(crate) fn new(fault: Fault) -> Arc<Self> {
        let (inner, numbers, newest) = Default::default();
        Arc::new(Self { inner, fault, numbers, newest })
    }

    fn next_number(&self) -> u64 {
        let mut numbers = self.numbers.lock().unwrap();
        *numbers += 1;
        *numbers
    }
}

impl StoreWrapper for Feed {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let answer = immediate(self.inner.commit(batch));
        if answer.is_err() {
            return StoreFuture::ready(answer);
        }
        let (worker_id, fault) = (batch.worker_id, self.fault);
        let number = self.next_number();
        let mut newest = self.newest.lock().unwrap();
        let before = newest.get(&worker_id).copied();
        let last = batch.events.last().map(|event| event.sequence);
        let change = StoredChange {
            number,
            worker_id,
            ordinal: match &batch.change {
                Change::Put(record) => record.ordinal,
                Change::Delete => before.unwrap().ordinal,
            },
            worker_sequence: last.or(before.map(|it| it.worker_sequence)).unwrap(),
            deleted: matches!(batch.change, Change::Delete),
        };
        match fault {
            Fault::ForgetsDeletions if change.deleted => {
                newest.remove(&worker_id);
            }
            Fault::ForgetsChanges if before.is_some() => {}
            Fault::NumbersEarly if number.is_multiple_of(3) => {
                drop(newest);
                let newest = Arc::clone(&self.newest);
                return StoreFuture::pending(async move {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    newest.lock().unwrap().insert(worker_id, change);
                    answer
                });
            }
            Fault::Nothing
            | Fault::ForgetsDeletions
            | Fault::ForgetsChanges
            | Fault::NumbersEarly => {
                newest.insert(worker_id, change);
            }
        }
        StoreFuture::ready(answer)
    }

    fn changes(&self, after: u64, limit: usize) -> Answer<Option<ChangePage>> {
        let mut changes: Vec<StoredChange> =
            self.newest.lock().unwrap().values().copied().filter(|it| it.number > after).collect();
        changes.sort_by_key(|change| change.number);
        changes.truncate(limit);
        StoreFuture::ready(Ok(Some(ChangePage { changes, deletions_from: 0 })))
    }
}
