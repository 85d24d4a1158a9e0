//! The Workers by id: a sharded table, keyed through its values.

use std::{
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hashbrown::{DefaultHashBuilder, HashTable};
use parking_lot::RwLock;

use crate::{
    error::RuntimeError,
    identity::WorkerId,
    state::worker_cell::{Cell, CellState},
    sync::Padded,
};

/// The Workers by id.
#[derive(Debug)]
pub(crate) struct Catalogue {
    shards: Box<[Shard]>,
    hasher: DefaultHashBuilder,
    /// Workers that are here or about to be.
    places: Padded<AtomicU64>,
    capacity: u64,
}

type Shard = Padded<RwLock<HashTable<Arc<Cell>>>>;

/// So many that threads at work on different Workers seldom meet at one: a shard's lock is a line that
/// travels between their caches. All of them take 64 KiB.
const SHARDS: usize = 1024;

impl Catalogue {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            hasher: DefaultHashBuilder::default(),
            places: Padded::default(),
            capacity,
        }
    }

    /// Whether there is room for one more Worker.
    pub(crate) fn has_room(&self) -> Result<(), RuntimeError> {
        if self.places.load(Ordering::Relaxed) < self.capacity { Ok(()) } else { Err(self.full()) }
    }

    /// Takes room for one more Worker, to be filled by [`insert`](Self::insert) or freed.
    pub(crate) fn reserve(&self) -> Result<(), RuntimeError> {
        let take = |taken: u64| (taken < self.capacity).then_some(taken + 1);
        let order = Ordering::Relaxed;
        self.places.fetch_update(order, order, take).map(drop).map_err(|_| self.full())
    }

    /// Gives room back.
    pub(crate) fn free(&self) {
        self.places.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes room for a Worker that is there already, whatever the limit.
    pub(crate) fn restore(&self, cell: Arc<Cell>) {
        self.places.fetch_add(1, Ordering::Relaxed);
        self.insert(cell);
    }

    fn full(&self) -> RuntimeError {
        RuntimeError::CapacityExhausted { what: "workers".to_owned(), max: self.capacity }
    }

    pub(crate) fn get(&self, worker_id: WorkerId) -> Option<Arc<Cell>> {
        let hash = self.hash(worker_id);
        self.shard(hash).read().find(hash, |cell| cell.worker_id == worker_id).cloned()
    }

    /// Looks at a Worker under its lock, briefly. Its shard is held meanwhile, which saves a count of the
    /// Worker, unless somebody has the Worker's lock.
    pub(crate) fn glance<T>(
        &self,
        worker_id: WorkerId,
        look: impl FnOnce(&CellState) -> T,
    ) -> Option<T> {
        let hash = self.hash(worker_id);
        let shard = self.shard(hash).read();
        let cell = shard.find(hash, |cell| cell.worker_id == worker_id)?;
        if let Some(state) = cell.try_lock() {
            return Some(look(&state));
        }
        // Who has the lock may want the shard: nobody waits for a Worker under it.
        let cell = Arc::clone(cell);
        drop(shard);
        let state = cell.lock();
        Some(look(&state))
    }

    /// Adds a Worker whose place was reserved.
    pub(crate) fn insert(&self, cell: Arc<Cell>) {
        let hash = self.hash(cell.worker_id);
        let rehash = |cell: &Arc<Cell>| self.hash(cell.worker_id);
        self.shard(hash).write().insert_unique(hash, cell, rehash);
    }

    /// Removes a Worker and frees its place.
    pub(crate) fn remove(&self, worker_id: WorkerId) -> Option<Arc<Cell>> {
        let hash = self.hash(worker_id);
        let mut shard = self.shard(hash).write();
        let entry = shard.find_entry(hash, |cell| cell.worker_id == worker_id).ok()?;
        self.places.fetch_sub(1, Ordering::Relaxed);
        Some(entry.remove().0)
    }

    /// Every Worker; those that come or go meanwhile may be missing.
    pub(crate) fn all(&self) -> Vec<Arc<Cell>> {
        self.shards.iter().flat_map(|it| it.read().iter().cloned().collect::<Vec<_>>()).collect()
    }

    fn hash(&self, worker_id: WorkerId) -> u64 {
        self.hasher.hash_one(worker_id.as_uuid().as_u128())
    }

    fn shard(&self, hash: u64) -> &Shard {
        // The table inside uses the low and the highest bits.
        let place = usize::try_from(hash >> 40).unwrap_or(0) % SHARDS;
        &self.shards[place]
    }
}

#[cfg(test)]
mod tests {
    use std::{
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn who_glances_at_a_worker_in_use_keeps_nobody_from_its_shard() {
        let (catalogue, cell) = (Catalogue::new(1), Cell::at(7));
        catalogue.restore(Arc::clone(&cell));
        let glance = || catalogue.glance(cell.worker_id, |state| state.record.ordinal);
        assert_eq!(glance(), Some(7));
        thread::scope(|scope| {
            let state = cell.lock();
            let glanced = scope.spawn(glance);
            // One here, one in the catalogue, and one of whoever waits for the lock.
            let since = Instant::now();
            while Arc::strong_count(&cell) < 3 {
                assert!(since.elapsed() < Duration::from_secs(10), "it waits under its shard");
                thread::yield_now();
            }
            assert!(catalogue.remove(cell.worker_id).is_some());
            drop(state);
            assert_eq!(glanced.join().unwrap(), Some(7));
        });
        assert_eq!(glance(), None);
    }
}
