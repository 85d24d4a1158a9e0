//! Tests of what a commit or a deletion in the built-in store touches and leaves.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    identity::Epoch,
    store::{NewKey, WorkerRecord},
};

fn opened() -> (MemoryStore, Lease) {
    let store = MemoryStore::new();
    let request = OpenRequest {
        runtime_id: None,
        new_runtime_id: RuntimeId::from_uuid(uuid::Uuid::nil()),
        epoch: Epoch::from_uuid(uuid::Uuid::nil()),
        format: crate::store::FORMAT,
        lease_duration: Duration::from_mins(1),
        events_per_worker: 10,
    };
    let lease = store.open(request).into_ready().ok().unwrap().unwrap().lease;
    (store, lease)
}

fn worker(ordinal: u64) -> WorkerId {
    WorkerId::from_uuid(uuid::Uuid::from_u128(ordinal.into()))
}

fn batch(lease: Lease, ordinal: u64, expected_version: u64, change: Change) -> Batch {
    Batch {
        lease,
        worker_id: worker(ordinal),
        expected_version,
        change,
        entries: Vec::new(),
        turns: Vec::new(),
        spec_changed: expected_version == 0,
        tenant: None,
        events: Vec::new(),
        key: None,
        create_key: None,
        totals: Totals::default(),
    }
}

fn put(lease: Lease, ordinal: u64, version: u64) -> Batch {
    let record = WorkerRecord { version, ..WorkerRecord::new(worker(ordinal), ordinal, 7) };
    batch(lease, ordinal, version - 1, Change::Put(Arc::new(record)))
}

#[test]
fn a_worker_that_is_being_changed_holds_up_no_other() {
    let (store, lease) = opened();
    store.commit_batch(&put(lease, 1, 1)).unwrap();
    store.commit_batch(&put(lease, 2, 1)).unwrap();
    let row = store.row(worker(1)).unwrap();
    let held = row.lock();
    // With one lock for all, each of these would wait for this thread without end.
    store.commit_batch(&put(lease, 2, 2)).unwrap();
    store.commit_batch(&put(lease, 3, 1)).unwrap();
    store.commit_batch(&batch(lease, 3, 1, Change::Delete)).unwrap();
    assert_eq!(store.read(worker(2), |row| row.record.version), Some(2));
    assert_eq!(store.workers_after(1, 10).len(), 1);
    drop(held);
    assert_eq!(store.workers_after(0, 10).len(), 2);
}

#[test]
fn what_is_deleted_leaves_nothing() {
    let (store, lease) = opened();
    for ordinal in 1..=1000 {
        let mut creation = put(lease, ordinal, 1);
        let key: Arc<str> = ordinal.to_string().into();
        let dropped = if ordinal > 1 { vec![(ordinal - 1).to_string().into()] } else { vec![] };
        let worker_id = worker(ordinal);
        let key = CreateKey { key, digest: [0; 16], at_ms: 0, worker_id, receipt: None };
        creation.create_key = Some(NewKey { key, dropped });
        store.commit_batch(&creation).unwrap();
        let listed = store.workers_after(0, 1);
        assert_eq!(listed[0].record.ordinal, ordinal);
        store.commit_batch(&batch(lease, ordinal, 1, Change::Delete)).unwrap();
        assert!(store.row(worker(ordinal)).is_none());
    }
    let index = store.index.read();
    assert!(index.by_id.is_empty() && index.by_ordinal.is_empty());
    assert_eq!(store.create_keys.lock().all().len(), 1);
    assert!(store.workers_after(u64::MAX, 1).is_empty());
}

#[test]
fn a_row_that_was_found_before_its_deletion_is_absent() {
    let (store, lease) = opened();
    store.commit_batch(&put(lease, 1, 1)).unwrap();
    let row = store.row(worker(1)).unwrap();
    store.commit_batch(&batch(lease, 1, 1, Change::Delete)).unwrap();
    assert!(row.lock().is_none());
    assert!(store.change(&row, &put(lease, 1, 2), 10).is_err());
    assert!(store.change(&row, &put(lease, 1, 1), 10).is_err());
}

#[test]
fn no_number_is_too_large_or_too_small() {
    let (store, lease) = opened();
    let mut creation = put(lease, 1, 1);
    if let Change::Put(record) = &mut creation.change {
        let record = Arc::make_mut(record);
        record.worker_sequence = u64::MAX;
    }
    let turn = serde_json::json!({
        "turn_id": crate::identity::TurnId::NIL, "profile": { "type": "runtime_default" },
        "usage": crate::model::Usage::default(),
    });
    creation.turns = vec![(0, Arc::new(serde_json::from_value(turn).unwrap()))];
    store.commit_batch(&creation).unwrap();
    let page = |after| store.events(worker(1), after, 1).into_ready().ok().unwrap().unwrap();
    for after in [0, 1, u64::MAX - 1, u64::MAX] {
        assert!(page(after).events.is_empty());
    }
    for first in [0, 1, u64::MAX] {
        let turns = store.turns(worker(1), first, usize::MAX).into_ready().ok().unwrap();
        assert!(turns.unwrap().is_empty(), "no turn has the ordinal 0");
        assert!(store.entries(worker(1), first, usize::MAX).into_ready().is_ok());
    }
    let renewed = store.renew(lease, Duration::MAX).into_ready().ok().unwrap();
    assert_eq!(renewed, Ok(()));
    assert_eq!(store.release(lease).into_ready().ok().unwrap(), Ok(()));
    let request = OpenRequest {
        runtime_id: None,
        new_runtime_id: RuntimeId::from_uuid(uuid::Uuid::nil()),
        epoch: Epoch::from_uuid(uuid::Uuid::nil()),
        format: crate::store::FORMAT,
        lease_duration: Duration::MAX,
        events_per_worker: u64::MAX,
    };
    let lease = store.open(request).into_ready().ok().unwrap().unwrap().lease;
    store.commit_batch(&put(lease, 1, 2)).unwrap();
    store.commit_batch(&put(lease, 1, 3)).unwrap();
}
