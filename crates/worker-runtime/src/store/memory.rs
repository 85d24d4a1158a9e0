//! The built-in store, which keeps everything in memory and answers every call at once.

#[cfg(test)]
mod tests;

mod keys;
mod row;

use std::{collections::BTreeMap, fmt, ops::Bound, sync::Arc, time::Duration};

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use self::{keys::Keys, row::Row};
use super::{
    Batch, Change, CorruptWorker, CreateKey, EventPage, FoundTurn, Lease, OpenError, OpenRequest,
    Opened, Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredEntry, StoredTurn,
    StoredWorker, TenantTotals, Totals, TurnLookup,
};
use crate::{
    identity::{RuntimeId, WorkerId},
    sync::after,
};

/// A store in memory.
///
/// The contents last as long as the value. A second Runtime that is built on the same store, after
/// the first one released it or its lease ran out, continues with all Workers.
///
/// Each Worker has a lock of its own, so that a commit or a read of one holds up no other. What all
/// share is locked for a look-up only. Under the lock of a Worker that of the index may be taken,
/// and not the other way round.
///
/// It needs the feature `memory-store`, which is on by default.
#[derive(Default)]
pub struct MemoryStore {
    /// Commits hold this for reading, so that their lease stays the newest one meanwhile.
    ownership: RwLock<Ownership>,
    index: RwLock<Index>,
    create_keys: Mutex<Keys<CreateKey>>,
    totals: Mutex<AllTotals>,
}

/// The totals of all Workers and those of each tenant.
#[derive(Debug, Default)]
struct AllTotals {
    all: Totals,
    by_tenant: BTreeMap<Arc<str>, Totals>,
}

/// The data of one Worker behind its lock; `None` once the Worker was deleted.
type SharedRow = Arc<Mutex<Option<Row>>>;

/// The Workers by id and by ordinal. Trees give back their memory when Workers are deleted.
#[derive(Debug, Default)]
struct Index {
    by_id: BTreeMap<WorkerId, SharedRow>,
    by_ordinal: BTreeMap<u64, SharedRow>,
}

/// The ownership of the store: its Runtime and the newest lease.
#[derive(Debug, Default)]
struct Ownership {
    runtime_id: Option<RuntimeId>,
    /// The newest lease, even if it was released.
    lease: Option<Lease>,
    /// The time at which the newest lease runs out; `None` if there is none or it was released.
    until: Option<Instant>,
    events_per_worker: u64,
    /// The greatest stored form that the store was opened with.
    format: u32,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn row(&self, worker_id: WorkerId) -> Option<SharedRow> {
        self.index.read().by_id.get(&worker_id).cloned()
    }

    fn read<T>(&self, worker_id: WorkerId, read: impl FnOnce(&Row) -> T) -> Option<T> {
        self.row(worker_id)?.lock().as_ref().map(read)
    }

    fn commit_batch(&self, batch: &Batch) -> Result<(), StoreError> {
        let ownership = self.ownership.read();
        if !ownership.holds(batch.lease) {
            return Err(StoreError::LeaseLost);
        }
        let deleted = match self.row(batch.worker_id) {
            Some(row) => self.change(&row, batch, ownership.events_per_worker)?,
            None => self.create(batch, ownership.events_per_worker).map(|()| None)?,
        };
        if let Some(new) = &batch.create_key {
            self.create_keys.lock().add(new);
        }
        self.add_totals(batch);
        drop(ownership);
        // A transcript may be large, so it is dropped with no lock held.
        drop(deleted);
        Ok(())
    }

    fn add_totals(&self, batch: &Batch) {
        let mut totals = self.totals.lock();
        totals.all.add(&batch.totals);
        if let Some(tenant) = &batch.tenant {
            totals.by_tenant.entry(Arc::clone(tenant)).or_default().add(&batch.totals);
        }
    }

    /// Adds a Worker that the index does not have.
    fn create(&self, batch: &Batch, events_kept: u64) -> Result<(), StoreError> {
        check_version(None, batch)?;
        let Change::Put(record) = &batch.change else { return Ok(()) };
        let mut row = Row::new(record);
        row.apply(batch, events_kept);
        let ordinal = record.ordinal;
        let row: SharedRow = Arc::new(Mutex::new(Some(row)));
        let mut index = self.index.write();
        if index.by_id.contains_key(&batch.worker_id) {
            return Err(StoreError::Refused("the worker is there already".to_owned()));
        }
        index.by_ordinal.insert(ordinal, Arc::clone(&row));
        index.by_id.insert(batch.worker_id, row);
        Ok(())
    }

    /// Changes or deletes a Worker. Returns what was deleted.
    fn change(
        &self,
        row: &SharedRow,
        batch: &Batch,
        events_kept: u64,
    ) -> Result<Option<Row>, StoreError> {
        let mut there = row.lock();
        check_version(there.as_ref(), batch)?;
        match (&batch.change, &mut *there) {
            (Change::Put(_), Some(row)) => row.apply(batch, events_kept),
            (Change::Put(_), None) => {
                return Err(StoreError::Refused("the worker is being deleted".to_owned()));
            }
            (Change::Delete, deleted) => {
                let deleted = deleted.take();
                let mut index = self.index.write();
                index.by_id.remove(&batch.worker_id);
                if let Some(deleted) = &deleted {
                    index.by_ordinal.remove(&deleted.ordinal());
                }
                return Ok(deleted);
            }
        }
        Ok(None)
    }

    /// Returns up to `limit` Workers whose ordinal is greater than `after`, ordered by ordinal.
    fn workers_after(&self, after: u64, limit: usize) -> Vec<StoredWorker> {
        let Some(first) = after.checked_add(1) else { return Vec::new() };
        let index = self.index.read();
        let rows: Vec<SharedRow> =
            index.by_ordinal.range(first..).take(limit).map(|it| Arc::clone(it.1)).collect();
        drop(index);
        rows.iter().filter_map(|row| row.lock().as_ref().map(Row::stored)).collect()
    }
}

/// Returns an error unless the Worker has the version that a batch expects.
fn check_version(row: Option<&Row>, batch: &Batch) -> Result<(), StoreError> {
    let version = row.map_or(0, |row| row.record.version);
    if version == batch.expected_version {
        Ok(())
    } else {
        Err(StoreError::Refused(format!("the worker is at version {version}")))
    }
}

impl Ownership {
    fn holds(&self, lease: Lease) -> bool {
        self.until.is_some() && self.lease == Some(lease)
    }

    /// Gives the store to a Runtime. Returns the Runtime's id and lease.
    fn open(&mut self, request: &OpenRequest) -> Result<(RuntimeId, Lease), OpenError> {
        if self.format > request.format {
            return Err(OpenError::NewerFormat { format: self.format });
        }
        let now = Instant::now();
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Err(OpenError::Owned { remaining: until - now });
        }
        let runtime_id =
            self.runtime_id.unwrap_or(request.runtime_id.unwrap_or(request.new_runtime_id));
        if request.runtime_id.is_some_and(|wanted| wanted != runtime_id) {
            return Err(OpenError::OtherRuntime { runtime_id });
        }
        self.runtime_id = Some(runtime_id);
        self.format = request.format;
        let fencing_token = self.lease.map_or(1, |newest| newest.fencing_token.saturating_add(1));
        let lease = Lease { fencing_token, epoch: request.epoch };
        self.lease = Some(lease);
        self.until = Some(after(now, request.lease_duration));
        self.events_per_worker = request.events_per_worker;
        Ok((runtime_id, lease))
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
        let mut ownership = self.ownership.write();
        let opened = ownership.open(&request).map(|(runtime_id, lease)| Opened {
            runtime_id,
            lease,
            totals: self.totals.lock().all,
        });
        StoreFuture::ready(opened)
    }

    fn renew(&self, lease: Lease, duration: Duration) -> StoreFuture<Result<(), StoreError>> {
        let mut ownership = self.ownership.write();
        if !ownership.holds(lease) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        ownership.until = Some(after(Instant::now(), duration));
        now(())
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        let mut ownership = self.ownership.write();
        if ownership.holds(lease) {
            ownership.until = None;
        }
        now(())
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        StoreFuture::ready(self.commit_batch(batch))
    }

    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>> {
        let ownership = self.ownership.read();
        if !ownership.holds(lease) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        // A missing Worker was never created if the version is 1, and was deleted if it is later.
        let version_there = self.read(worker_id, |row| row.record.version);
        let took_effect = version_there.map_or(version > 1, |there| there >= version);
        now(if took_effect { Settlement::Committed } else { Settlement::NotApplied })
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, CorruptWorker>>, StoreError>> {
        now(self.workers_after(after, limit).into_iter().map(Ok).collect())
    }

    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>> {
        now(self.create_keys.lock().all())
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<StoredEntry>>, StoreError>> {
        now(self.read(worker_id, |row| page(row.entries(), first, limit)).unwrap_or_default())
    }

    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<StoredTurn>>, StoreError>> {
        now(self.read(worker_id, |row| page(row.turns(), first, limit)).unwrap_or_default())
    }

    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnLookup,
    ) -> StoreFuture<Result<Option<FoundTurn>, StoreError>> {
        now(self.read(worker_id, |row| row.turn(&selector)).flatten())
    }

    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>> {
        now(self.read(worker_id, |row| row.events_after(after, limit)).unwrap_or_default())
    }

    fn tenant_totals(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> StoreFuture<Result<Vec<TenantTotals>, StoreError>> {
        let totals = self.totals.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let of_tenants = totals.by_tenant.range((from, Bound::Unbounded)).take(limit);
        let of_tenants = of_tenants
            .map(|(tenant, totals)| TenantTotals { tenant: Arc::clone(tenant), totals: *totals });
        now(of_tenants.collect())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
