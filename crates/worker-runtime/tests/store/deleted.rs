//! Nothing is told of a Worker after the event that says that the Worker was deleted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};
use worker_runtime::{
    EventsFrom, Runtime, RuntimeError, Scope, Subscribe, WorkerId, WorkerRef,
    commands::{CancelWorker, CreateWorker, DeleteWorker},
    event::EventType,
    queries::{ListDiagnostics, ReadEvents},
    store::{Batch, Change, EventPage, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper},
};

use crate::wrapper::{Answer, immediate};

/// A store that does not say that it took a deletion, or whose reads of events fail late.
#[derive(Default)]
struct Late {
    inner: Arc<MemoryStore>,
    keeps_deletions_secret: AtomicBool,
    reads_fail: AtomicBool,
    fail: Arc<Notify>,
}

impl StoreWrapper for Late {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let is_deletion = matches!(batch.change, Change::Delete);
        if is_deletion && self.keeps_deletions_secret.load(Ordering::SeqCst) {
            immediate(self.inner.commit(batch)).unwrap();
            return StoreFuture::ready(Err(StoreError::Unknown("as the test says".to_owned())));
        }
        self.inner.commit(batch)
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        if !self.reads_fail.load(Ordering::SeqCst) {
            return self.inner.events(id, after, limit);
        }
        let fail = Arc::clone(&self.fail);
        StoreFuture::pending(async move {
            fail.notified().await;
            Err(StoreError::Refused("as the test says".to_owned()))
        })
    }
}

async fn with_ended() -> (Runtime, Arc<Late>, WorkerRef) {
    let store = Arc::new(Late::default());
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    runtime.handle(CancelWorker::new(worker)).await.unwrap();
    (runtime, store, worker)
}

/// Checks that the deletion of the Worker is the last event of the Runtime's log that names it. Returns the
/// number of diagnostics.
async fn deletion_is_last(runtime: &Runtime, worker: WorkerRef) -> usize {
    let events = runtime.handle(ReadEvents::new(Scope::runtime())).await.unwrap().items;
    let names = |text: &str| text.contains(&worker.worker_id.to_string());
    let last = events.iter().rfind(|event| names(&format!("{event:?}"))).unwrap();
    assert_eq!(last.event_type(), EventType::WorkerDeleted, "{events:?}");
    runtime.handle(ListDiagnostics::new()).await.unwrap().items.len()
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_settled_is_the_last_event_of_its_worker() {
    let (runtime, store, worker) = with_ended().await;
    store.keeps_deletions_secret.store(true, Ordering::SeqCst);
    let unknown = runtime.handle(DeleteWorker::new(worker)).await;
    assert!(matches!(unknown, Err(RuntimeError::StoreFailed { certain: false, .. })));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(deletion_is_last(&runtime, worker).await, 2, "asked again, and taken");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_late_finds_the_worker_gone() {
    let (runtime, store, worker) = with_ended().await;
    let all = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let mut stream = runtime.subscribe(all).await.unwrap();
    store.reads_fail.store(true, Ordering::SeqCst);
    let stream = tokio::spawn(async move { while stream.next().await.is_some() {} });
    let mut reads = Vec::new();
    for from in [EventsFrom::oldest(), EventsFrom::now(), EventsFrom::after_sequence(1)] {
        let there = runtime.clone();
        let read = ReadEvents::new(Scope::worker(worker)).starting_at(from);
        reads.push(tokio::spawn(async move { there.handle(read).await }));
    }
    sleep(Duration::from_secs(1)).await;
    runtime.handle(DeleteWorker::new(worker)).await.unwrap();
    store.fail.notify_waiters();
    sleep(Duration::from_secs(1)).await;
    for read in reads {
        assert_eq!(read.await.unwrap(), Err(RuntimeError::WorkerNotFound {}));
    }
    stream.await.unwrap();
    assert_eq!(deletion_is_last(&runtime, worker).await, 0, "nothing is wrong");
}
