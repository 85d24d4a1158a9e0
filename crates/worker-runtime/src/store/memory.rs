//! The built-in store, which keeps everything in memory and answers every call at once.

mod create_keys;
mod row;

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use self::{create_keys::CreateKeys, row::Row};
use super::{
    Batch, Change, CorruptWorker, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened,
    Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredWorker, Totals, TurnLookup,
};
use crate::{
    identity::{RuntimeId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
};

/// A store in memory.
///
/// The contents last as long as the value. A second Runtime that is built on the same store, after
/// the first one released it or its lease ran out, continues with all Workers.
#[derive(Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

/// Everything in the store. A batch is checked and applied under one hold of the lock, so that
/// readers see it as a whole and its lease stays the newest one meanwhile.
#[derive(Debug, Default)]
struct Content {
    ownership: Ownership,
    /// The data of each Worker. Rows are boxed because up to half of a hash table is empty slots.
    rows: HashMap<WorkerId, Box<Row>>,
    create_keys: CreateKeys,
    totals: Totals,
    /// The Workers sorted by ordinal, cached between the pages of one listing. Discarded with the
    /// last page, and when a Worker is created or deleted.
    order: Option<Vec<(u64, WorkerId)>>,
}

/// The ownership of the store: its Runtime and the newest lease.
#[derive(Debug, Default)]
struct Ownership {
    runtime_id: Option<RuntimeId>,
    /// The fencing token of the newest lease.
    lease: u64,
    /// The time at which the newest lease runs out; `None` if there is none or it was released.
    until: Option<Instant>,
    events_per_worker: u64,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read<T>(&self, worker_id: WorkerId, read: impl FnOnce(&Row) -> T) -> Option<T> {
        self.content.lock().rows.get(&worker_id).map(|row| read(row))
    }
}

impl Ownership {
    fn holds(&self, lease: Lease) -> bool {
        self.until.is_some() && self.lease == lease.fencing_token
    }
}

impl Content {
    fn open(&mut self, request: OpenRequest) -> Result<Opened, OpenError> {
        let ownership = &mut self.ownership;
        let now = Instant::now();
        if let Some(until) = ownership.until.filter(|until| *until > now) {
            return Err(OpenError::Owned { remaining: until - now });
        }
        let runtime_id =
            ownership.runtime_id.unwrap_or(request.runtime_id.unwrap_or(request.new_runtime_id));
        if request.runtime_id.is_some_and(|wanted| wanted != runtime_id) {
            return Err(OpenError::OtherRuntime { runtime_id });
        }
        ownership.runtime_id = Some(runtime_id);
        ownership.lease += 1;
        ownership.until = Some(now + request.lease_duration);
        ownership.events_per_worker = request.events_per_worker;
        Ok(Opened {
            runtime_id,
            lease: Lease { fencing_token: ownership.lease },
            totals: self.totals,
        })
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if !self.ownership.holds(batch.lease) {
            return Err(StoreError::LeaseLost);
        }
        let there = self.rows.get(&batch.worker_id);
        let version = there.map_or(0, |row| row.record.version);
        if version != batch.expected_version {
            return Err(StoreError::Refused(format!("the worker is at version {version}")));
        }
        match &batch.change {
            Change::Put(record) => {
                let row =
                    self.rows.entry(batch.worker_id).or_insert_with(|| Box::new(Row::new(record)));
                row.apply(batch, self.ownership.events_per_worker);
            }
            Change::Delete => drop(self.rows.remove(&batch.worker_id)),
        }
        if version == 0 || matches!(batch.change, Change::Delete) {
            self.order = None;
        }
        if let Some(new) = &batch.create_key {
            self.create_keys.add(new);
        }
        self.totals.add(&batch.totals);
        Ok(())
    }

    /// Returns up to `limit` Workers whose ordinal is greater than `after`, ordered by ordinal.
    fn workers(&mut self, after: u64, limit: usize) -> Vec<StoredWorker> {
        let order = self.order.take().unwrap_or_else(|| {
            let places = self.rows.iter().map(|(id, row)| (row.record.ordinal, *id));
            let mut order: Vec<_> = places.collect();
            order.sort_unstable();
            order
        });
        let first = order.partition_point(|(ordinal, _)| *ordinal <= after);
        let page = order[first..].iter().take(limit);
        let workers: Vec<_> =
            page.filter_map(|(_, id)| Some(self.rows.get(id)?.stored())).collect();
        if first + workers.len() < order.len() {
            self.order = Some(order);
        }
        workers
    }
}

fn page<T: Clone>(items: &[T], first: u64, limit: usize) -> Vec<T> {
    let skipped = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX);
    items.iter().skip(skipped).take(limit).cloned().collect()
}

fn now<T>(answer: T) -> StoreFuture<Result<T, StoreError>> {
    StoreFuture::ready(Ok(answer))
}

impl Store for MemoryStore {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "memory".to_owned(), durable: false }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        StoreFuture::ready(self.content.lock().open(request))
    }

    fn renew(&self, lease: Lease, duration: Duration) -> StoreFuture<Result<(), StoreError>> {
        let ownership = &mut self.content.lock().ownership;
        if !ownership.holds(lease) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        ownership.until = Some(Instant::now() + duration);
        now(())
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        let ownership = &mut self.content.lock().ownership;
        if ownership.holds(lease) {
            ownership.until = None;
        }
        now(())
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        StoreFuture::ready(self.content.lock().commit(batch))
    }

    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>> {
        let content = self.content.lock();
        if !content.ownership.holds(lease) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        // A missing Worker was never created if the version is 1, and was deleted if it is later.
        let version_there = content.rows.get(&worker_id).map(|row| row.record.version);
        let took_effect = version_there.map_or(version > 1, |there| there >= version);
        now(if took_effect { Settlement::Committed } else { Settlement::NotApplied })
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, CorruptWorker>>, StoreError>> {
        now(self.content.lock().workers(after, limit).into_iter().map(Ok).collect())
    }

    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>> {
        now(self.content.lock().create_keys.all())
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TranscriptEntry>>, StoreError>> {
        now(self.read(worker_id, |row| page(row.entries(), first, limit)).unwrap_or_default())
    }

    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TurnDetail>>, StoreError>> {
        now(self.read(worker_id, |row| page(row.turns(), first, limit)).unwrap_or_default())
    }

    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnLookup,
    ) -> StoreFuture<Result<Option<Arc<TurnDetail>>, StoreError>> {
        let wanted = |turn: &TurnDetail| match &selector {
            TurnLookup::Id(turn_id) => turn.turn_id == *turn_id,
            TurnLookup::Key(key) => turn.idempotency_key.as_ref() == Some(key),
        };
        now(self
            .read(worker_id, |row| row.turns().iter().rev().find(|it| wanted(it)).cloned())
            .flatten())
    }

    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>> {
        now(self.read(worker_id, |row| row.events_after(after, limit)).unwrap_or_default())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
