//! Deadlines and times to wait hold, whatever the store leaves unanswered.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use llm_engine::ScriptedProvider;
use tokio::time::{Instant, sleep, timeout};
use worker_runtime::{
    EventsFrom, Limits, Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe, WorkerId,
    WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorker, StopWorkers, UpdateWorker},
    model::{Input, WorkerState},
    queries::{GetRuntime, GetTurn, GetWorker, ReadEvents},
    store::{
        Batch, EventPage, FoundTurn, Lease, MemoryStore, Store, StoreError, StoreFuture,
        StoreWrapper, StoredEntry, TurnLookup,
    },
};

use crate::{script::poll_some, wrapper::Answer};

/// A store in memory whose commits take a while, and which leaves some calls without an answer.
#[derive(Default)]
struct SilentStore {
    inner: Arc<MemoryStore>,
    commit_takes: Duration,
    /// The Workers whose commits hang.
    hung: std::sync::Mutex<Vec<WorkerId>>,
    creations_hang: AtomicBool,
    reads_hang: AtomicBool,
    is_taken_over: AtomicBool,
}

impl SilentStore {
    fn read<T: Send + 'static>(&self, answer: impl FnOnce(&MemoryStore) -> Answer<T>) -> Answer<T> {
        if self.reads_hang.load(Ordering::SeqCst) {
            return StoreFuture::pending(pending());
        }
        answer(&self.inner)
    }
}

impl StoreWrapper for SilentStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let hangs = batch.expected_version == 0 && self.creations_hang.load(Ordering::SeqCst);
        if hangs || self.hung.lock().unwrap().contains(&batch.worker_id) {
            return StoreFuture::pending(pending());
        }
        if self.commit_takes == Duration::ZERO {
            return Store::commit(&*self.inner, batch);
        }
        let (inner, batch, takes) = (Arc::clone(&self.inner), batch.clone(), self.commit_takes);
        StoreFuture::pending(async move {
            sleep(takes).await;
            Store::commit(&*inner, &batch).await
        })
    }

    fn renew(&self, lease: Lease, duration: Duration) -> Answer<()> {
        if self.is_taken_over.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        self.inner.renew(lease, duration)
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        self.read(|inner| Store::entries(inner, id, first, limit))
    }

    fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        self.read(|inner| Store::turn(inner, id, selector))
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.read(|inner| Store::events(inner, id, after, limit))
    }
}

type Silent = Arc<SilentStore>;

async fn on(store: SilentStore) -> (Runtime, Silent) {
    let store = Arc::new(store);
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    let runtime = Runtime::builder()
        .profile(hanging)
        .limits(Limits::default().commit(Duration::from_mins(10)))
        .store(Arc::clone(&store) as _)
        .lease_duration(Duration::from_secs(3))
        .build();
    (runtime.await.unwrap(), store)
}

async fn worker(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::new()).await.unwrap().detail.worker
}

#[tokio::test(start_paused = true)]
async fn a_time_to_wait_is_kept_though_reads_hang() {
    let (runtime, store) = on(SilentStore::default()).await;
    let worker = worker(&runtime).await;
    let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    let turn_id = sent.receipt.turn_id;
    store.reads_hang.store(true, Ordering::SeqCst);
    let wait = Duration::from_millis(200);
    let within = wait + Duration::from_millis(300);
    let get = runtime.handle(GetTurn::new(worker, turn_id).wait(wait));
    let got = timeout(within, get).await.expect("it is answered in time");
    assert!(matches!(got, Err(RuntimeError::StoreFailed { .. })), "{got:?}");
    for from in [EventsFrom::oldest(), EventsFrom::now(), EventsFrom::after(sent.cursor)] {
        let read = ReadEvents::new(Scope::worker(worker)).starting_at(from).wait(wait);
        let read = timeout(within, runtime.handle(read)).await.expect("it is answered in time");
        assert!(matches!(read, Err(RuntimeError::StoreFailed { .. })), "{read:?}");
    }
    // What needs no store is answered.
    let read = ReadEvents::new(Scope::runtime()).starting_at(EventsFrom::now()).wait(wait);
    let read = timeout(within, runtime.handle(read)).await.expect("it is answered in time");
    assert!(read.unwrap().items.is_empty());
}

async fn stopped(runtime: &Runtime) -> u64 {
    runtime.handle(GetRuntime {}).await.unwrap().summary.workers.stopped
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_hangs_keeps_no_other_from_being_stopped() {
    const MANY: u64 = 300;
    let (runtime, store) = on(SilentStore::default()).await;
    for number in 0..MANY {
        let worker = worker(&runtime).await;
        if number % 100 == 0 {
            store.hung.lock().unwrap().push(worker.worker_id);
        }
        if number % 100 == 1 {
            runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
        }
    }
    let since = Instant::now();
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::from_secs(1)))
        .await
        .unwrap();
    runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
    assert!(since.elapsed() <= Duration::from_millis(1600), "{:?}", since.elapsed());
    assert_eq!(stopped(&runtime).await, MANY - 3);
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_its_deadline_though_every_commit_takes_long() {
    let commit_takes = Duration::from_millis(400);
    let (runtime, _store) = on(SilentStore { commit_takes, ..SilentStore::default() }).await;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let runtime = runtime.clone();
        workers.spawn(async move { worker(&runtime).await });
    }
    workers.join_all().await;
    let since = Instant::now();
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::from_secs(1)))
        .await
        .unwrap();
    runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
    assert!(since.elapsed() <= Duration::from_millis(1600), "{:?}", since.elapsed());
    // As many as the time allows, in a window that moves on with each of them.
    assert!(stopped(&runtime).await >= 3 * 64);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_hangs_keeps_no_worker_from_being_stopped() {
    let (runtime, store) = on(SilentStore::default()).await;
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let busy = runtime.handle(create).await.unwrap().detail.worker;
    store.creations_hang.store(true, Ordering::SeqCst);
    assert!(poll_some(runtime.handle(CreateWorker::new()), 1).await, "the creation hangs");
    let since = Instant::now();
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::ZERO))
        .await
        .unwrap();
    runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
    assert!(since.elapsed() <= Duration::from_millis(600), "{:?}", since.elapsed());
    let shown = runtime.handle(GetWorker { worker: busy }).await.unwrap().detail;
    assert_eq!(shown.state, WorkerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_for_the_store_ends_with_the_lease() {
    let (runtime, store) = on(SilentStore::default()).await;
    let worker = worker(&runtime).await;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    let all = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let mut stream = runtime.subscribe(all).await.unwrap();
    store.reads_hang.store(true, Ordering::SeqCst);
    let read = tokio::spawn(async move { while stream.next().await.is_some() {} });
    tokio::task::yield_now().await;
    store.is_taken_over.store(true, Ordering::SeqCst);
    runtime.wait_stopped(Duration::from_secs(10)).await.unwrap();
    timeout(Duration::from_millis(100), read).await.expect("the stream ends at once").unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_worker_that_stops_counts_from_the_command() {
    let commit_takes = Duration::from_millis(1500);
    let (runtime, _store) = on(SilentStore { commit_takes, ..SilentStore::default() }).await;
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let created = runtime.handle(create).await.unwrap();
    let worker = created.detail.worker;
    let since = Instant::now();
    // Another change of the Worker is under way, and the stop waits behind it.
    let rename = UpdateWorker::new(worker).display_name("busy".to_owned());
    assert!(poll_some(runtime.handle(rename), 1).await, "the commit takes a while");
    let stop = StopWorker::new(worker).deadline(Duration::from_secs(2));
    runtime.handle(stop).await.unwrap();
    runtime.wait_turn(created.receipt.unwrap(), Duration::from_mins(1)).await.unwrap();
    // The queue, the commit of the stop, and that of the end of the turn, but not the deadline again.
    assert!(since.elapsed() <= Duration::from_millis(4600), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn many_workers_that_hang_keep_no_other_from_its_end() {
    for workers in [StopWorkers::Stop, StopWorkers::Keep] {
        let (runtime, store) = on(SilentStore::default()).await;
        for number in 0..200 {
            let worker = worker(&runtime).await;
            if number % 4 != 3 {
                runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
            }
            // All those that hang come first.
            if number < 150 {
                store.hung.lock().unwrap().push(worker.worker_id);
            }
        }
        let since = Instant::now();
        let stop = StopRuntime::new().workers(workers).deadline(Duration::from_secs(1));
        runtime.handle(stop).await.unwrap();
        runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
        assert!(since.elapsed() <= Duration::from_millis(1600), "{:?}", since.elapsed());
        let there = runtime.handle(GetRuntime {}).await.unwrap().summary.workers;
        match workers {
            StopWorkers::Stop => assert_eq!(there.stopped, 50, "{there:?}"),
            // Of those that hang, a fourth had no turn.
            StopWorkers::Keep => assert_eq!(there.idle, 50 + 37, "{there:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_for_the_store_ends_soon_after_a_stop() {
    let (runtime, store) = on(SilentStore::default()).await;
    let worker = worker(&runtime).await;
    let all = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let mut stream = runtime.subscribe(all).await.unwrap();
    store.reads_hang.store(true, Ordering::SeqCst);
    let read = tokio::spawn(async move {
        let mut items = Vec::new();
        while let Some(item) = stream.next().await {
            items.push(item);
        }
        items
    });
    tokio::task::yield_now().await;
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::from_millis(100)))
        .await
        .unwrap();
    runtime.wait_stopped(Duration::from_secs(10)).await.unwrap();
    let items = timeout(Duration::from_secs(1), read).await.expect("the stream ends soon").unwrap();
    // What the store did not give is a gap, and what is in memory is delivered.
    assert!(matches!(items.first(), Some(StreamItem::Gap { .. })), "{items:?}");
    let ended = items.last();
    assert!(matches!(ended, Some(StreamItem::Ended { .. })), "{items:?}");
}
