//! The Workers by id, in several maps with a lock each.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::RwLock;

use crate::{error::RuntimeError, identity::WorkerId, state::worker_cell::WorkerCell};

/// All Workers by id, and the number that there may be.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The Workers, spread by id over several locks. A tree gives back its memory when Workers are
    /// deleted; a hash map would keep it.
    shards: [RwLock<BTreeMap<WorkerId, Arc<WorkerCell>>>; SHARDS],
    /// The number of Workers in the catalogue and of reservations for further ones.
    taken: AtomicU64,
    capacity: u64,
}

const SHARDS: usize = 64;

impl Catalogue {
    pub(crate) fn new(capacity: u64) -> Self {
        let shards = std::array::from_fn(|_| RwLock::default());
        Self { shards, taken: AtomicU64::new(0), capacity }
    }

    /// Returns an error if there is no room for one more Worker.
    pub(crate) fn has_room(&self) -> Result<(), RuntimeError> {
        if self.taken.load(Ordering::Relaxed) < self.capacity { Ok(()) } else { Err(self.full()) }
    }

    /// Reserves room for one more Worker. The caller fills it with [`insert`](Self::insert) or
    /// gives it back with [`free`](Self::free).
    pub(crate) fn reserve(&self) -> Result<(), RuntimeError> {
        let take = |taken: u64| (taken < self.capacity).then_some(taken + 1);
        let order = Ordering::Relaxed;
        self.taken.fetch_update(order, order, take).map(drop).map_err(|_| self.full())
    }

    /// Gives back the room of one Worker.
    pub(crate) fn free(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Adds a Worker from the store, even if that exceeds the limit.
    pub(crate) fn restore(&self, cell: Arc<WorkerCell>) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.insert(cell);
    }

    fn full(&self) -> RuntimeError {
        RuntimeError::CapacityExhausted { what: "workers".to_owned(), max: self.capacity }
    }

    pub(crate) fn get(&self, worker_id: WorkerId) -> Option<Arc<WorkerCell>> {
        self.shard(worker_id).read().get(&worker_id).cloned()
    }

    /// Adds a Worker whose room was reserved.
    pub(crate) fn insert(&self, cell: Arc<WorkerCell>) {
        self.shard(cell.worker_id).write().insert(cell.worker_id, cell);
    }

    /// Removes a Worker whose room was [freed](Self::free).
    pub(crate) fn remove(&self, worker_id: WorkerId) -> Option<Arc<WorkerCell>> {
        self.shard(worker_id).write().remove(&worker_id)
    }

    /// Returns every Worker. Workers that are created or deleted during the call may be missing.
    pub(crate) fn all(&self) -> Vec<Arc<WorkerCell>> {
        let cells = |shard: &RwLock<BTreeMap<_, Arc<WorkerCell>>>| -> Vec<_> {
            shard.read().values().cloned().collect()
        };
        self.shards.iter().flat_map(cells).collect()
    }

    fn shard(&self, worker_id: WorkerId) -> &RwLock<BTreeMap<WorkerId, Arc<WorkerCell>>> {
        // The last byte of a UUID of version 7 is random, so it spreads the Workers evenly.
        let [.., last] = *worker_id.as_uuid().as_bytes();
        &self.shards[usize::from(last) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_takes_room_until_it_is_removed() {
        let (catalogue, cell) = (Catalogue::new(1), WorkerCell::at(7));
        assert!(catalogue.reserve().is_ok() && catalogue.reserve().is_err());
        catalogue.free();
        catalogue.restore(Arc::clone(&cell));
        assert!(catalogue.has_room().is_err());
        assert_eq!(catalogue.get(cell.worker_id).map(|found| found.ordinal), Some(7));
        assert_eq!(catalogue.all().len(), 1);
        catalogue.free();
        assert!(catalogue.remove(cell.worker_id).is_some());
        assert!(catalogue.remove(cell.worker_id).is_none());
        assert!(catalogue.get(cell.worker_id).is_none() && catalogue.reserve().is_ok());
    }
}
