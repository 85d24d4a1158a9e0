//! The built-in store: everything in memory, every answer at once.

mod shelf;

use std::{collections::VecDeque, fmt, hash::BuildHasher, sync::Arc, time::Duration};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    Batch, Change, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened, Settlement, Store,
    StoreError, StoreFuture, StoreInfo, StoredWorker, Totals, TurnSelector, Unreadable,
};
use shelf::{Shelf, index};

use crate::{
    identity::{RuntimeId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
};

/// A store in memory.
///
/// It keeps what a Runtime needs as long as somebody holds it: a second Runtime that is built on the
/// same store, after the first has let go, finds everything.
#[derive(Default)]
pub struct MemoryStore {
    shards: [Mutex<HashTable<Shelf>>; SHARDS],
    hasher: DefaultHashBuilder,
    ledger: Mutex<Ledger>,
    ordered: Mutex<Option<Ordered>>,
}

const SHARDS: usize = 16;

/// What belongs to no single Worker.
#[derive(Default)]
struct Ledger {
    runtime_id: Option<RuntimeId>,
    lease: u64,
    /// When the lease runs out; none if nobody owns the store.
    until: Option<Instant>,
    events_per_worker: usize,
    totals: Totals,
    create_keys: VecDeque<CreateKey>,
    /// Goes up whenever a Worker comes or goes.
    population: u64,
}

/// The Workers by ordinal, from the first page of a reading to its last: nobody asks for them
/// otherwise.
struct Ordered {
    /// What the ledger said when they were put in order.
    population: u64,
    workers: Vec<(u64, WorkerId)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shard(&self, worker_id: WorkerId) -> &Mutex<HashTable<Shelf>> {
        let last = worker_id.as_uuid().as_bytes()[15];
        &self.shards[usize::from(last) % SHARDS]
    }

    fn hash(&self, worker_id: WorkerId) -> u64 {
        self.hasher.hash_one(worker_id.as_uuid().as_u128())
    }

    fn read<T>(&self, worker_id: WorkerId, read: impl FnOnce(&Shelf) -> T) -> Option<T> {
        let hash = self.hash(worker_id);
        self.shard(worker_id).lock().find(hash, |it| it.record.worker_id == worker_id).map(read)
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        let worker_id = batch.worker_id;
        // The shard is held while the ledger is asked and changed, so that a batch is seen as a
        // whole and no lease changes hands in between.
        let mut shelves = self.shard(worker_id).lock();
        let place = shelves.entry(
            self.hash(worker_id),
            |it| it.record.worker_id == worker_id,
            |it| self.hash(it.record.worker_id),
        );
        let version = match &place {
            Entry::Occupied(there) => there.get().record.version,
            Entry::Vacant(_) => 0,
        };
        let kept = self.ledger.lock().take(batch, version)?;
        match (&batch.change, place) {
            (Change::Put(record), Entry::Occupied(mut there)) => {
                there.get_mut().apply(record, batch, kept);
            }
            (Change::Put(record), Entry::Vacant(free)) => {
                free.insert(Shelf::create(record, batch, kept));
            }
            (Change::Delete, Entry::Occupied(there)) => drop(there.remove()),
            (Change::Delete, Entry::Vacant(_)) => {}
        }
        Ok(())
    }

    /// The ids of Workers whose ordinal is greater than `after`, by ordinal.
    fn page_of_workers(&self, after: u64, limit: usize) -> Vec<WorkerId> {
        // Read first: a Worker that comes or goes meanwhile has its place put in order anew.
        let population = self.ledger.lock().population;
        let mut ordered = self.ordered.lock();
        let workers = match ordered.take() {
            Some(it) if it.population == population => it.workers,
            Some(_) | None => self.in_order(),
        };
        let first = workers.partition_point(|(ordinal, _)| *ordinal <= after);
        let page: Vec<_> = workers[first..].iter().take(limit).map(|(_, id)| *id).collect();
        if first + page.len() < workers.len() {
            *ordered = Some(Ordered { population, workers });
        }
        page
    }

    fn in_order(&self) -> Vec<(u64, WorkerId)> {
        let mut workers = Vec::new();
        for shard in &self.shards {
            workers.extend(shard.lock().iter().map(|it| (it.record.ordinal, it.record.worker_id)));
        }
        workers.sort_unstable();
        workers
    }
}

impl Ledger {
    /// Takes a batch for a Worker that is at `version`; gives how many events are kept.
    fn take(&mut self, batch: &Batch, version: u64) -> Result<usize, StoreError> {
        if self.lease != batch.lease.0 || self.until.is_none() {
            return Err(StoreError::LeaseLost);
        }
        if version != batch.expected_version {
            return Err(StoreError::Refused(format!("the worker is at version {version}")));
        }
        self.totals.add(&batch.totals);
        if let Some(it) = &batch.create_key {
            self.create_keys.retain(|key| !it.dropped.contains(&key.key));
            self.create_keys.push_back(it.key.clone());
        }
        if version == 0 || matches!(batch.change, Change::Delete) {
            self.population += 1;
        }
        Ok(self.events_per_worker)
    }
}

fn page<T: Clone>(items: &[T], first: u64, limit: usize) -> Vec<T> {
    items.iter().skip(index(first.saturating_sub(1))).take(limit).cloned().collect()
}

fn now<T>(answer: T) -> StoreFuture<Result<T, StoreError>> {
    StoreFuture::ready(Ok(answer))
}

impl Store for MemoryStore {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "memory".to_owned(), durable: false }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let mut ledger = self.ledger.lock();
        let now = Instant::now();
        if let Some(until) = ledger.until
            && until > now
        {
            let remaining_ms = u64::try_from((until - now).as_millis()).unwrap_or(u64::MAX);
            return StoreFuture::ready(Err(OpenError::Owned { remaining_ms }));
        }
        let runtime_id =
            ledger.runtime_id.unwrap_or(request.runtime_id.unwrap_or(request.new_runtime_id));
        if request.runtime_id.is_some_and(|wanted| wanted != runtime_id) {
            return StoreFuture::ready(Err(OpenError::OtherRuntime { runtime_id }));
        }
        ledger.runtime_id = Some(runtime_id);
        ledger.lease += 1;
        ledger.until = Some(now + Duration::from_millis(request.lease_ms));
        ledger.events_per_worker = index(request.events_per_worker);
        let (lease, totals) = (Lease(ledger.lease), ledger.totals);
        StoreFuture::ready(Ok(Opened { runtime_id, lease, totals }))
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> StoreFuture<Result<(), StoreError>> {
        let mut ledger = self.ledger.lock();
        if ledger.lease != lease.0 || ledger.until.is_none() {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        ledger.until = Some(Instant::now() + Duration::from_millis(lease_ms));
        now(())
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        let mut ledger = self.ledger.lock();
        if ledger.lease == lease.0 {
            ledger.until = None;
        }
        now(())
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        StoreFuture::ready(self.apply(batch))
    }

    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>> {
        if self.ledger.lock().lease != lease.0 {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        // A Worker that is gone after its first version was deleted.
        let took_effect =
            self.read(worker_id, |shelf| shelf.record.version >= version).unwrap_or(version > 1);
        now(if took_effect { Settlement::Committed } else { Settlement::Never })
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, Unreadable>>, StoreError>> {
        let ids = self.page_of_workers(after, limit).into_iter();
        now(ids.filter_map(|id| self.read(id, Shelf::stored)).map(Ok).collect())
    }

    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>> {
        now(self.ledger.lock().create_keys.iter().cloned().collect())
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TranscriptEntry>>, StoreError>> {
        now(self.read(worker_id, |shelf| page(shelf.entries(), first, limit)).unwrap_or_default())
    }

    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TurnDetail>>, StoreError>> {
        now(self.read(worker_id, |shelf| page(shelf.turns(), first, limit)).unwrap_or_default())
    }

    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnSelector,
    ) -> StoreFuture<Result<Option<Arc<TurnDetail>>, StoreError>> {
        let wanted = |turn: &TurnDetail| match &selector {
            TurnSelector::Id(turn_id) => turn.turn_id == *turn_id,
            TurnSelector::Key(key) => turn.tags.idempotency_key.as_ref() == Some(key),
        };
        now(self
            .read(worker_id, |shelf| shelf.turns().iter().rev().find(|it| wanted(it)).cloned())
            .flatten())
    }

    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>> {
        now(self.read(worker_id, |shelf| shelf.events_after(after, limit)).unwrap_or_default())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
