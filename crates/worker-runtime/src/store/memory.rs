//! The built-in store: everything in memory, every answer at once.
//!
//! Locks are taken in this order: the ownership, or the order of Workers; a shard; under it the keys
//! of creations.

mod recent_events;
mod shelf;

use std::{
    collections::VecDeque,
    fmt,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use parking_lot::Mutex;
use tokio::time::Instant;

use self::shelf::{Shelf, index};
use crate::{
    identity::{RuntimeId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, Change, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened, Settlement,
        Store, StoreError, StoreFuture, StoreInfo, StoredWorker, Totals, TurnSelector, Unreadable,
    },
    sync::Padded,
};

/// A store in memory.
///
/// It keeps what a Runtime needs as long as somebody holds it: a second Runtime that is built on the
/// same store, after the first has let go, finds everything.
#[derive(Default)]
pub struct MemoryStore {
    shards: [Padded<Mutex<Shard>>; SHARDS],
    hasher: DefaultHashBuilder,
    ownership: Mutex<Ownership>,
    create_keys: Mutex<VecDeque<CreateKey>>,
    /// Goes up whenever a Worker comes or goes.
    population: AtomicU64,
    ordered: Mutex<Option<Ordered>>,
}

const SHARDS: usize = 16;

/// Some of the Workers, and whatever else most batches for them need: threads that are busy with
/// different Workers seldom meet.
#[derive(Default)]
struct Shard {
    shelves: HashTable<Shelf>,
    /// The number of the lease that batches are taken under; none if nobody owns the store.
    lease: Option<u64>,
    events_per_worker: u64,
    /// What batches for these Workers have added.
    totals: Totals,
}

/// Who owns the store.
#[derive(Default)]
struct Ownership {
    runtime_id: Option<RuntimeId>,
    /// The number of the newest lease.
    lease: u64,
    /// When it runs out; none if nobody owns the store.
    until: Option<Instant>,
}

/// The Workers by ordinal, from the first page of a reading to its last: nobody asks for them
/// otherwise.
struct Ordered {
    /// What the count said when they were put in order.
    population: u64,
    workers: Vec<(u64, WorkerId)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shard(&self, worker_id: WorkerId) -> &Mutex<Shard> {
        let last = worker_id.as_uuid().as_bytes()[15];
        &self.shards[usize::from(last) % SHARDS]
    }

    fn hash(&self, worker_id: WorkerId) -> u64 {
        self.hasher.hash_one(worker_id.as_uuid().as_u128())
    }

    fn read<T>(&self, worker_id: WorkerId, read: impl FnOnce(&Shelf) -> T) -> Option<T> {
        let hash = self.hash(worker_id);
        let shard = self.shard(worker_id).lock();
        shard.shelves.find(hash, |it| it.record.worker_id == worker_id).map(read)
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        let worker_id = batch.worker_id;
        // Held to the end, so that a batch is seen as a whole and no lease changes hands in between.
        let mut shard = self.shard(worker_id).lock();
        let Shard { shelves, lease, events_per_worker, totals } = &mut *shard;
        if *lease != Some(batch.lease.0) {
            return Err(StoreError::LeaseLost);
        }
        let place = shelves.entry(
            self.hash(worker_id),
            |it| it.record.worker_id == worker_id,
            |it| self.hash(it.record.worker_id),
        );
        let version = match &place {
            Entry::Occupied(there) => there.get().record.version,
            Entry::Vacant(_) => 0,
        };
        if version != batch.expected_version {
            return Err(StoreError::Refused(format!("the worker is at version {version}")));
        }
        totals.add(&batch.totals);
        if let Some(it) = &batch.create_key {
            let mut keys = self.create_keys.lock();
            keys.retain(|key| !it.dropped.contains(&key.key));
            keys.push_back(it.key.clone());
        }
        if version == 0 || matches!(batch.change, Change::Delete) {
            self.population.fetch_add(1, Ordering::Relaxed);
        }
        match (&batch.change, place) {
            (Change::Put(record), Entry::Occupied(mut there)) => {
                there.get_mut().apply(record, batch, *events_per_worker);
            }
            (Change::Put(record), Entry::Vacant(free)) => {
                free.insert(Shelf::create(record, batch, *events_per_worker));
            }
            (Change::Delete, Entry::Occupied(there)) => drop(there.remove()),
            (Change::Delete, Entry::Vacant(_)) => {}
        }
        Ok(())
    }

    /// The ids of Workers whose ordinal is greater than `after`, by ordinal.
    fn page_of_workers(&self, after: u64, limit: usize) -> Vec<WorkerId> {
        // Read first: a Worker that comes or goes meanwhile has its place put in order anew.
        let population = self.population.load(Ordering::Relaxed);
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
            let shard = shard.lock();
            workers.extend(shard.shelves.iter().map(|it| (it.record.ordinal, it.record.worker_id)));
        }
        workers.sort_unstable();
        workers
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
        let mut ownership = self.ownership.lock();
        let now = Instant::now();
        if let Some(until) = ownership.until
            && until > now
        {
            let remaining_ms = u64::try_from((until - now).as_millis()).unwrap_or(u64::MAX);
            return StoreFuture::ready(Err(OpenError::Owned { remaining_ms }));
        }
        let runtime_id =
            ownership.runtime_id.unwrap_or(request.runtime_id.unwrap_or(request.new_runtime_id));
        if request.runtime_id.is_some_and(|wanted| wanted != runtime_id) {
            return StoreFuture::ready(Err(OpenError::OtherRuntime { runtime_id }));
        }
        ownership.runtime_id = Some(runtime_id);
        ownership.lease += 1;
        ownership.until = Some(now + Duration::from_millis(request.lease_ms));
        let mut totals = Totals::default();
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.lease = Some(ownership.lease);
            shard.events_per_worker = request.events_per_worker;
            totals.add(&shard.totals);
        }
        let lease = Lease(ownership.lease);
        StoreFuture::ready(Ok(Opened { runtime_id, lease, totals }))
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> StoreFuture<Result<(), StoreError>> {
        let mut ownership = self.ownership.lock();
        if ownership.lease != lease.0 || ownership.until.is_none() {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        ownership.until = Some(Instant::now() + Duration::from_millis(lease_ms));
        now(())
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        let mut ownership = self.ownership.lock();
        if ownership.lease == lease.0 {
            ownership.until = None;
            self.shards.iter().for_each(|shard| shard.lock().lease = None);
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
        if self.ownership.lock().lease != lease.0 {
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
        now(self.create_keys.lock().iter().cloned().collect())
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
