//! A Runtime that is dropped, in whatever state, leaves no task and no memory behind.

use std::{
    future::pending,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use llm_engine::{Script, ScriptedProvider};
use tokio::{runtime::Handle, time::Instant};
use worker_runtime::{
    Limits, Profile, Request, Retention, Runtime, Scope, Subscribe, Subscription, WorkerId,
    WorkerRef,
    commands::{
        CancelTurn, CreateWorker, SendInput, StopRuntime, StopWorker, StopWorkers, UpdateWorker,
    },
    model::{TurnOutcome, WorkerState},
    queries::GetWorker,
    store::{Batch, Lease, MemoryStore, Settlement, Store, StoreError, StoreFuture, StoreWrapper},
};

use crate::wrapper::Answer;

/// The time limit of a commit in these tests.
const COMMIT: Duration = Duration::from_secs(2);

/// The time in which the tasks of the Runtime notice that the Runtime was dropped.
const SOON: Duration = Duration::from_secs(1);

const HOUR_MS: Option<u64> = Some(3_600_000);

/// A store in memory whose commits hang, or whose outcome is unknown, while a test says so.
#[derive(Default)]
struct StuckStore {
    inner: Arc<MemoryStore>,
    hangs: AtomicBool,
    forgets: AtomicBool,
    /// `settle` answers after a while.
    settles: AtomicBool,
    /// Commits are refused, after a while.
    refuses: AtomicBool,
}

impl StoreWrapper for StuckStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        if self.refuses.load(Ordering::Relaxed) {
            return StoreFuture::pending(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(StoreError::Refused("no".to_owned()))
            });
        }
        if self.hangs.load(Ordering::Relaxed) {
            return StoreFuture::pending(pending());
        }
        if self.forgets.load(Ordering::Relaxed) {
            return StoreFuture::ready(Err(StoreError::Unknown("who knows".to_owned())));
        }
        Store::commit(&*self.inner, batch)
    }

    fn settle(&self, _: Lease, _: WorkerId, _: u64) -> Answer<Settlement> {
        if self.settles.load(Ordering::Relaxed) {
            return StoreFuture::pending(async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(Settlement::Committed)
            });
        }
        StoreFuture::ready(Err(StoreError::Unknown("who knows".to_owned())))
    }
}

/// A Runtime, with references that show whether its provider and its store were dropped.
struct Watched {
    runtime: Runtime,
    provider: Weak<ScriptedProvider>,
    store: Arc<StuckStore>,
}

impl Watched {
    /// A Runtime whose first answer has some text and never ends.
    async fn new() -> Self {
        let script = Script::new().text("and so on").hang();
        let provider = Arc::new(ScriptedProvider::new().script(script));
        let store = Arc::new(StuckStore::default());
        let runtime = Runtime::builder()
            .profile(Profile::new("endless", Arc::clone(&provider) as _))
            .store(Arc::clone(&store) as _)
            .limits(Limits::default().commit(COMMIT))
            .retention(Retention { age: Some(Duration::from_hours(1)), count: None })
            .build()
            .await
            .unwrap();
        Self { runtime, provider: Arc::downgrade(&provider), store }
    }

    async fn worker(&self) -> WorkerRef {
        self.runtime.handle(CreateWorker::default()).await.unwrap().detail.worker
    }

    async fn running(&self) -> WorkerRef {
        let worker = self.worker().await;
        self.runtime.handle(SendInput::new(worker, "go")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        worker
    }

    /// Polls a request once and drops its future.
    fn begin<R: Request<Kind>, Kind>(&self, request: R) {
        let mut request = Box::pin(self.runtime.handle(request));
        assert!(request.as_mut().now_or_never().is_none());
    }

    /// Drops the Runtime, and waits until its tasks, its provider and its store are gone.
    async fn leaves_nothing(self, limit: Duration) {
        let Self { runtime, provider, store } = self;
        let store = {
            let weak = Arc::downgrade(&store);
            drop(store);
            weak
        };
        drop(runtime);
        no_tasks_within(limit).await;
        assert_eq!(provider.strong_count(), 0, "the provider is still held");
        assert_eq!(store.strong_count(), 0, "the store is still held");
    }
}

fn alive_tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn no_tasks_within(limit: Duration) {
    let since = Instant::now();
    while alive_tasks() > 0 {
        let left = alive_tasks();
        assert!(since.elapsed() <= limit, "{left} tasks are still alive");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_did_nothing() {
    Watched::new().await.leaves_nothing(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_turns_in_flight() {
    let watched = Watched::new().await;
    for _ in 0..10 {
        watched.running().await;
    }
    watched.leaves_nothing(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_turns_that_were_cancelled() {
    let watched = Watched::new().await;
    let idle = alive_tasks();
    let mut workers = Vec::new();
    for _ in 0..100 {
        workers.push(watched.running().await);
    }
    let running = alive_tasks();
    for worker in &workers {
        watched.runtime.handle(CancelTurn::new(*worker)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(running - alive_tasks(), 100, "each task ends with its turn");
    assert!(running - idle >= 100, "each turn has a task");
    for worker in &workers[..10] {
        watched.runtime.handle(SendInput::new(*worker, "again")).await.unwrap();
    }
    watched.leaves_nothing(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_commits_that_hang() {
    let watched = Watched::new().await;
    let [idle, busy, other] =
        [watched.worker().await, watched.running().await, watched.worker().await];
    watched.store.hangs.store(true, Ordering::Relaxed);
    watched.begin(CreateWorker::default());
    watched.begin(SendInput::new(idle, "go"));
    watched.begin(StopWorker { deadline_ms: Some(0), ..StopWorker::new(busy) });
    let display_name = Some("other".to_owned());
    watched.begin(UpdateWorker { display_name, ..UpdateWorker::new(other) });
    watched.leaves_nothing(COMMIT + SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_commits_that_hang_while_it_stops() {
    let watched = Watched::new().await;
    let idle = watched.worker().await;
    watched.running().await;
    watched.store.hangs.store(true, Ordering::Relaxed);
    watched.begin(CreateWorker::default());
    watched.begin(SendInput::new(idle, "go"));
    watched
        .runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(COMMIT))
        .await
        .unwrap();
    watched.leaves_nothing(COMMIT + SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_commits_that_are_not_settled() {
    let watched = Watched::new().await;
    let [idle, busy] = [watched.worker().await, watched.running().await];
    watched.store.forgets.store(true, Ordering::Relaxed);
    watched.runtime.handle(CreateWorker::default()).await.unwrap_err();
    watched.runtime.handle(SendInput::new(idle, "go")).await.unwrap_err();
    watched.runtime.handle(StopWorker::new(busy)).await.unwrap_err();
    // The pauses between the calls of `settle` are several seconds long by now.
    tokio::time::sleep(Duration::from_mins(1)).await;
    watched.leaves_nothing(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_commits_that_are_not_settled_while_it_stops() {
    let watched = Watched::new().await;
    let busy = watched.running().await;
    watched.store.forgets.store(true, Ordering::Relaxed);
    watched.runtime.handle(StopWorker::new(busy)).await.unwrap_err();
    let deadline = Duration::from_mins(1);
    watched
        .runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(deadline))
        .await
        .unwrap();
    watched.leaves_nothing(deadline + SOON).await;
}

#[tokio::test(start_paused = true)]
async fn with_deadlines_armed() {
    let watched = Watched::new().await;
    let stopped = watched.running().await;
    watched.running().await;
    let stop = StopWorker { deadline_ms: HOUR_MS, ..StopWorker::new(stopped) };
    watched.runtime.handle(stop).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    watched.leaves_nothing(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn while_it_stops_only_once_the_stop_is_carried_through() {
    let watched = Watched::new().await;
    let worker = watched.running().await;
    let deadline = Duration::from_mins(1);
    watched
        .runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(deadline))
        .await
        .unwrap();
    let Watched { runtime, provider, store } = watched;
    drop(runtime);
    tokio::time::sleep(deadline / 2).await;
    assert_eq!(provider.strong_count(), 1, "the turn goes on until the deadline");
    tokio::time::sleep(deadline / 2 + SOON).await;
    no_tasks_within(Duration::ZERO).await;
    // The lease is released, so that the next Runtime can be built at once.
    let next = Runtime::builder().store(store as _).build().await.unwrap();
    let shown = next.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(shown.state, WorkerState::Stopped);
    assert_eq!(shown.last_turn.unwrap().outcome, Some(TurnOutcome::Cancelled));
}

/// Subscribes so often that the Runtime wakes the readers in a separate task.
async fn crowd(watched: &Watched, worker: WorkerRef) -> Vec<Subscription> {
    let mut streams = Vec::new();
    for place in 0..40 {
        let scope = if place % 2 == 0 { Scope::worker(worker) } else { Scope::runtime() };
        let subscribe = Subscribe::new(scope);
        let mut stream = watched.runtime.subscribe(subscribe).await.unwrap();
        while stream.next().now_or_never().is_some() {}
        streams.push(stream);
    }
    streams
}

#[tokio::test(start_paused = true)]
async fn with_streams_alive() {
    let watched = Watched::new().await;
    let worker = watched.worker().await;
    let streams = crowd(&watched, worker).await;
    watched.runtime.handle(SendInput::new(worker, "go")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let Watched { runtime, provider, store } = watched;
    drop(runtime);
    // The streams keep the logs alive, but no task.
    no_tasks_within(SOON).await;
    for mut stream in streams {
        let rest = async { while stream.next().await.is_some() {} };
        rest.now_or_never().expect("the future ends in time");
    }
    assert_eq!(provider.strong_count(), 0);
    assert_eq!(Arc::strong_count(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_committed_after_the_drop_does_not_begin() {
    let watched = Watched::new().await;
    let idle = watched.worker().await;
    watched.store.forgets.store(true, Ordering::Relaxed);
    watched.store.settles.store(true, Ordering::Relaxed);
    watched.runtime.handle(SendInput::new(idle, "go")).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let Watched { runtime, provider, .. } = watched;
    drop(runtime);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((provider.upgrade().map(|provider| provider.calls()), alive_tasks()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn text_that_waited_for_a_cancellation_to_fail_wakes_its_readers() {
    let script = Script::new().text("a").delay(Duration::from_millis(50)).text("b").hang();
    let provider = Arc::new(ScriptedProvider::new().script(script));
    let store = Arc::new(StuckStore::default());
    let runtime = Runtime::builder()
        .profile(Profile::new("endless", provider as _))
        .store(Arc::clone(&store) as _)
        .build()
        .await
        .unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    runtime.handle(SendInput::new(worker, "go")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    store.refuses.store(true, Ordering::Relaxed);
    let reader = tokio::spawn(async move {
        let since = Instant::now();
        loop {
            let item = stream.next().await.unwrap();
            if let worker_runtime::StreamItem::TextDelta { text, .. } = item
                && text.contains('b')
            {
                return since.elapsed();
            }
        }
    });
    runtime.handle(CancelTurn::new(worker)).await.unwrap_err();
    store.refuses.store(false, Ordering::Relaxed);
    let took = reader.await.unwrap();
    assert!(took < Duration::from_secs(1), "{took:?}");
}
