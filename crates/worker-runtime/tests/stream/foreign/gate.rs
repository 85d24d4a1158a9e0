//! A store whose commits wait for a gate that the test opens and closes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;
use worker_runtime::{
    Runtime, WorkerRef,
    commands::{CreateWorker, UpdateWorker},
    queries::GetWorker,
    store::{Batch, MemoryStore, Store, StoreFuture, StoreWrapper},
};

use crate::wrapper::Answer;

/// A store in memory whose commits wait while its gate is closed.
pub(super) struct GatedStore {
    inner: Arc<MemoryStore>,
    gate: watch::Sender<bool>,
    commits: AtomicU64,
}

impl GatedStore {
    pub(super) fn new() -> Arc<Self> {
        let (gate, _) = watch::channel(true);
        let (inner, commits) = (Arc::default(), AtomicU64::new(0));
        Arc::new(Self { inner, gate, commits })
    }

    pub(super) fn close(&self) {
        self.gate.send_replace(false);
    }

    pub(super) fn open(&self) {
        self.gate.send_replace(true);
    }

    /// The number of commits so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }
}

impl StoreWrapper for GatedStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let (inner, batch, mut gate) =
            (Arc::clone(&self.inner), batch.clone(), self.gate.subscribe());
        if *gate.borrow_and_update() {
            return Store::commit(&*inner, &batch);
        }
        StoreFuture::pending(async move {
            gate.wait_for(|is_open| *is_open).await.expect("the store stays");
            Store::commit(&*inner, &batch).await
        })
    }
}

pub(super) async fn gated() -> (Runtime, Arc<GatedStore>, WorkerRef) {
    let store = GatedStore::new();
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    (runtime, store, worker)
}

pub(super) fn rename(worker: WorkerRef, name: impl Into<String>) -> UpdateWorker {
    UpdateWorker::new(worker).display_name(name.into())
}

pub(super) async fn name(runtime: &Runtime, worker: WorkerRef) -> String {
    runtime.handle(GetWorker { worker }).await.unwrap().detail.display_name.to_string()
}
