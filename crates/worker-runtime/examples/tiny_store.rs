//! A store as small as the contract allows, with the conformance kit run on it. One lock is the
//! transaction. `docs/write-a-store.md` says what a real one needs beside this.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;
use worker_runtime::{
    RuntimeId, WorkerId, conformance,
    store::{
        Batch, Change, CorruptWorker, CreateKey, EventPage, FoundTurn, Lease, NewKey, OpenError,
        OpenRequest, Opened, Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredEntry,
        StoredEvent, StoredTurn, StoredWorker, TenantTotals, Totals, TurnLookup, WorkerRecord,
    },
};

type Answer<T> = StoreFuture<Result<T, StoreError>>;
type Listed = Result<StoredWorker, CorruptWorker>;

#[derive(Default)]
struct TinyStore(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    owner: Option<Owner>,
    ids: BTreeMap<u64, WorkerId>,
    rows: BTreeMap<WorkerId, Row>,
    create_keys: Vec<CreateKey>,
    /// By tenant; the sums of Workers without one are under `None`.
    totals: BTreeMap<Option<Arc<str>>, Totals>,
}

/// The Runtime that the store belongs to, and the newest lease.
struct Owner {
    runtime_id: RuntimeId,
    format: u32,
    lease: Lease,
    /// When the lease runs out; absent once it was released.
    until: Option<Instant>,
    events_kept: u64,
}

/// A Worker, with everything that belongs to it.
struct Row {
    worker: StoredWorker,
    entries: BTreeMap<u64, Arc<StoredEntry>>,
    turns: BTreeMap<u64, Arc<StoredTurn>>,
    events: BTreeMap<u64, StoredEvent>,
}

impl Tables {
    fn open(&mut self, request: &OpenRequest) -> Result<Opened, OpenError> {
        let mut runtime_id = request.runtime_id.unwrap_or(request.new_runtime_id);
        let mut fencing_token = 1;
        if let Some(owner) = &self.owner {
            let remaining = owner.until.map_or(Duration::ZERO, |until| until - Instant::now());
            if owner.format > request.format {
                return Err(OpenError::NewerFormat { format: owner.format });
            }
            if !remaining.is_zero() {
                return Err(OpenError::Owned { remaining });
            }
            if request.runtime_id.is_some_and(|wanted| wanted != owner.runtime_id) {
                return Err(OpenError::OtherRuntime { runtime_id: owner.runtime_id });
            }
            runtime_id = owner.runtime_id;
            fencing_token = owner.lease.fencing_token + 1;
        }
        let lease = Lease { fencing_token, epoch: request.epoch };
        self.owner = Some(Owner {
            runtime_id,
            format: request.format,
            lease,
            until: Some(Instant::now() + request.lease_duration),
            events_kept: request.events_per_worker,
        });
        let mut totals = Totals::default();
        self.totals.values().for_each(|of_tenant| totals.add(of_tenant));
        Ok(Opened { runtime_id, lease, totals })
    }

    /// Returns the owner if this lease is the newest and was not released. One that ran out still
    /// counts until somebody else opens the store.
    fn owner(&mut self, lease: Lease) -> Result<&mut Owner, StoreError> {
        let owner = self.owner.as_mut().filter(|it| it.lease == lease && it.until.is_some());
        owner.ok_or(StoreError::LeaseLost)
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let events_kept = self.owner(batch.lease)?.events_kept;
        let row = self.rows.get_mut(&batch.worker_id);
        let version = row.as_ref().map_or(0, |row| row.worker.record.version);
        if version != batch.expected_version {
            return Err(StoreError::Refused(format!("the worker is at version {version}")));
        }
        // Nothing was changed up to here, and nothing fails from here on.
        match &batch.change {
            Change::Put(record) => {
                self.ids.insert(record.ordinal, batch.worker_id);
                let row = self.rows.entry(batch.worker_id).or_insert_with(|| Row::new(record));
                row.apply(batch, record, events_kept);
            }
            Change::Delete => {
                let deleted = self.rows.remove(&batch.worker_id);
                deleted.map(|row| self.ids.remove(&row.worker.record.ordinal));
            }
        }
        if let Some(NewKey { key, dropped }) = &batch.create_key {
            self.create_keys.retain(|it| !dropped.contains(&it.key));
            self.create_keys.push(key.clone());
        }
        self.totals.entry(batch.tenant.clone()).or_default().add(&batch.totals);
        Ok(())
    }
}

impl Row {
    fn new(record: &Arc<WorkerRecord>) -> Self {
        let worker = StoredWorker { record: Arc::clone(record), keys: Vec::new() };
        let (entries, turns, events) = Default::default();
        Self { worker, entries, turns, events }
    }

    fn apply(&mut self, batch: &Batch, record: &Arc<WorkerRecord>, events_kept: u64) {
        self.worker.record = Arc::clone(record);
        self.entries.extend(batch.entries.iter().map(|it| (it.sequence, it.clone())));
        self.turns.extend(batch.turns.iter().cloned());
        self.events.extend(batch.events.iter().map(|it| (it.sequence, it.clone())));
        let last_dropped = record.worker_sequence.saturating_sub(events_kept);
        self.events = self.events.split_off(&(last_dropped + 1));
        if let Some(NewKey { key, dropped }) = &batch.key {
            self.worker.keys.retain(|it| !dropped.contains(&it.key));
            self.worker.keys.push(key.clone());
        }
    }

    fn turn(&self, wanted: &TurnLookup) -> Option<FoundTurn> {
        let is_wanted = |turn: &&Arc<StoredTurn>| match wanted {
            TurnLookup::Id(turn_id) => turn.turn_id == *turn_id,
            TurnLookup::Key(key) => turn.idempotency_key.as_ref() == Some(key),
        };
        let turn = Arc::clone(self.turns.values().rev().find(is_wanted)?);
        let entry = |sequence: Option<u64>| self.entries.get(&sequence?).cloned();
        let (input, answer) = (entry(turn.input_sequence), entry(turn.answer_sequence));
        Some(FoundTurn { turn, input, answer })
    }
}

fn page<T: Clone>(items: &BTreeMap<u64, T>, first: u64, limit: usize) -> Vec<T> {
    items.range(first..).take(limit).map(|(_, item)| item.clone()).collect()
}

impl TinyStore {
    fn read<T: Default>(&self, id: WorkerId, read: impl FnOnce(&Row) -> T) -> Answer<T> {
        StoreFuture::ready(Ok(self.0.lock().rows.get(&id).map(read).unwrap_or_default()))
    }
}

impl Store for TinyStore {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "tiny".to_owned(), durable: false }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        StoreFuture::ready(self.0.lock().open(&request))
    }

    fn renew(&self, lease: Lease, duration: Duration) -> Answer<()> {
        let until = Some(Instant::now() + duration);
        StoreFuture::ready(self.0.lock().owner(lease).map(|owner| owner.until = until))
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        if let Ok(owner) = self.0.lock().owner(lease) {
            owner.until = None;
        }
        StoreFuture::ready(Ok(()))
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        StoreFuture::ready(self.0.lock().commit(batch))
    }

    fn settle(&self, lease: Lease, id: WorkerId, version: u64) -> Answer<Settlement> {
        let mut tables = self.0.lock();
        let there = tables.rows.get(&id).map(|row| row.worker.record.version);
        let took_effect = there.map_or(version > 1, |there| there >= version);
        let answer = if took_effect { Settlement::Committed } else { Settlement::NotApplied };
        StoreFuture::ready(tables.owner(lease).map(|_| answer))
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Vec<Listed>> {
        let tables = self.0.lock();
        let ids = page(&tables.ids, after.saturating_add(1), limit);
        let rows = ids.iter().filter_map(|id| tables.rows.get(id));
        StoreFuture::ready(Ok(rows.map(|row| Ok(row.worker.clone())).collect()))
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        StoreFuture::ready(Ok(self.0.lock().create_keys.clone()))
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        self.read(id, |row| page(&row.entries, first, limit))
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        self.read(id, |row| page(&row.turns, first, limit))
    }

    fn turn(&self, id: WorkerId, wanted: TurnLookup) -> Answer<Option<FoundTurn>> {
        self.read(id, |row| row.turn(&wanted))
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.read(id, |row| EventPage {
            oldest: row.events.keys().next().copied().unwrap_or_default(),
            events: page(&row.events, after.saturating_add(1), limit),
        })
    }

    fn tenant_totals(&self, after: Option<Arc<str>>, limit: usize) -> Answer<Vec<TenantTotals>> {
        let tables = self.0.lock();
        let later = tables.totals.iter().filter(|(tenant, _)| **tenant > after);
        let named = later.filter_map(|(tenant, totals)| Some((tenant.clone()?, *totals)));
        let named = named.take(limit).map(|(tenant, totals)| TenantTotals { tenant, totals });
        StoreFuture::ready(Ok(named.collect()))
    }
}

// The clock is paused and the store uses it, so that the kit waits for no lease.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), conformance::Violations> {
    conformance::run(|| Arc::new(TinyStore::default())).await
}

#[test]
fn the_store_keeps_its_contract() {
    main().unwrap();
}
