//! Requests, records and batches.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::json;
use worker_runtime::{
    Runtime, RuntimeId, WorkerId,
    store::{Batch, Change, Lease, OpenError, OpenRequest, Opened, Store, Totals, WorkerRecord},
};
use yoi_sqlite::SqliteStore;

/// A folder, and the file in it.
pub(crate) fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    (folder, file)
}

/// An id that ends in this number.
pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u64) -> T {
    format!("01a22dd4-5eed-7908-9e37-{number:012x}").parse().unwrap()
}

pub(crate) fn request(lease_duration: Duration) -> OpenRequest {
    OpenRequest {
        runtime_id: None,
        new_runtime_id: id::<RuntimeId>(0),
        epoch: id(1),
        format: worker_runtime::store::FORMAT,
        lease_duration,
        events_per_worker: 10,
    }
}

pub(crate) async fn open(store: &SqliteStore, lease: Duration) -> Result<Opened, OpenError> {
    Store::open(store, request(lease)).await
}

/// A lease that outlasts every test.
pub(crate) async fn lease(store: &SqliteStore) -> Lease {
    open(store, Duration::from_hours(1)).await.unwrap().lease
}

/// A batch that brings a Worker to a version, with a spec of `bytes` bytes.
pub(crate) fn put(lease: Lease, ordinal: u64, version: u64, bytes: usize) -> Batch {
    let worker_id: WorkerId = id(ordinal);
    let nothing = json!({ "turns": 0, "input_tokens": 0, "cached_input_tokens": 0,
        "output_tokens": 0, "reasoning_tokens": 0, "duration_ms": 0 });
    let record: WorkerRecord = serde_json::from_value(json!({
        "worker_id": worker_id, "ordinal": ordinal, "version": version, "labels": {},
        "spec": {
            "intent": { "type": "assistant" }, "profile": { "type": "runtime_default" },
            "instructions": "x".repeat(bytes), "capabilities": [], "scope_claims": [],
        },
        "state": "idle", "turns": 0, "entries": 0, "usage": nothing, "worker_sequence": 0,
        "created_at_ms": 1, "active_at_ms": 1,
    }))
    .unwrap();
    Batch {
        lease,
        worker_id,
        expected_version: version - 1,
        change: Change::Put(Arc::new(record)),
        entries: Vec::new(),
        turns: Vec::new(),
        spec_changed: true,
        tenant: None,
        events: Vec::new(),
        key: None,
        create_key: None,
        totals: Totals { created: u64::from(version == 1), ..Totals::default() },
    }
}

/// The number of Workers that the store lists.
pub(crate) async fn listed(store: &SqliteStore) -> usize {
    store.workers(0, 10_000).await.unwrap().iter().filter(|listed| listed.is_ok()).count()
}

/// A Runtime on the store, with an echo for a model.
pub(crate) async fn runtime(store: &Arc<SqliteStore>) -> Runtime {
    let echo = worker_runtime::Profile::new("echo", Arc::new(llm_engine::EchoProvider::new()));
    let builder = Runtime::builder().profile(echo).store(Arc::clone(store) as _);
    builder.build().await.unwrap()
}
