//! A store with Workers in it that are all given the same input again and again.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;
use worker_runtime::{
    Epoch, RuntimeId, WorkerId,
    store::{Batch, Change, Lease, OpenRequest, Store, StoreFuture},
};

use crate::clock::on_thread;

/// A store with Workers in it.
pub struct Shelves<S> {
    store: S,
    batch: Batch,
    lease: Lease,
    workers: Vec<WorkerId>,
    /// Inputs so far.
    given: usize,
}

impl<S: Store> Shelves<S> {
    /// Takes a store for this many Workers, which `batch` will be given to.
    #[must_use]
    pub fn new(store: S, batch: &Batch, workers: usize) -> Self {
        let id = RuntimeId::from_uuid(Uuid::from_u128(1));
        let opened = now(store.open(OpenRequest {
            runtime_id: None,
            new_runtime_id: id,
            epoch: Epoch::from_uuid(Uuid::from_u128(2)),
            lease_ms: 86_400_000,
            events_per_worker: 1024,
        }));
        let lease = opened.expect("a lease").lease;
        // The last byte is what the store tells its shards by.
        let workers = (0..workers as u128).map(|it| WorkerId::from_uuid(Uuid::from_u128(it)));
        let workers: Vec<_> = workers.collect();
        let mut shelves = Self { store, batch: batch.clone(), lease, workers, given: 0 };
        shelves.commit(shelves.workers.len() as u64);
        shelves
    }

    /// Gives so many inputs, and tells what committing them takes.
    pub fn commit(&mut self, count: u64) -> Duration {
        let batches: Vec<_> = (0..count).map(|_| self.next()).collect();
        on_thread(|| {
            for batch in batches {
                now(self.store.commit(&batch)).expect("a commit");
            }
        })
    }

    fn next(&mut self) -> Batch {
        let there = self.workers.len();
        let worker_id = self.workers[self.given * 7919 % there];
        let before = (self.given / there) as u64;
        self.given += 1;
        let mut batch = Batch { lease: self.lease, worker_id, ..self.batch.clone() };
        batch.expected_version = before;
        if let Change::Put(record) = &mut batch.change {
            let record = Arc::make_mut(record);
            record.worker_id = worker_id;
            record.ordinal = worker_id.as_uuid().as_u64_pair().1;
            record.version = before + 1;
            record.turns = before + 1;
        }
        batch
    }
}

/// An answer that is there at once.
fn now<T>(answer: StoreFuture<T>) -> T {
    match answer {
        StoreFuture::Ready(Some(answer)) => answer,
        StoreFuture::Ready(None) | StoreFuture::Pending(_) => {
            panic!("the store has to answer at once")
        }
    }
}
