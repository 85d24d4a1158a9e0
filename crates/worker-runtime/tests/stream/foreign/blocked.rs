//! Very many wakers that block, and callers that block their thread, hold up nothing of the Runtime.

use std::{
    pin::pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt};
use llm_engine::ScriptedProvider;
use tokio::runtime::Builder;
use worker_runtime::{
    BuildError, EventsFrom, Limits, Profile, Runtime, Scope, Subscribe, Subscription, WaitError,
    WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime},
    model::InputReceipt,
    queries::ReadEvents,
    store::{MemoryStore, OpenError, OpenRequest, Opened, Store, StoreFuture, StoreWrapper},
};

use super::{
    SOON,
    gate::{gated, rename},
    soon,
};

/// A time limit of the Runtime's in these tests.
const LIMIT: Duration = Duration::from_millis(100);

/// A time that is far longer than the limit and what a busy machine adds, and shorter than anything
/// that blocks.
const IN_TIME: Duration = Duration::from_secs(3);

/// The time for which a caller blocks its thread.
const BLOCKED: Duration = Duration::from_secs(7);

/// A waker that blocks until the test ends.
struct Blocking(Mutex<mpsc::Receiver<()>>);

impl Wake for Blocking {
    fn wake(self: Arc<Self>) {
        let _ = self.0.lock().map(|end| end.recv());
    }
}

/// Readers of a Runtime whose wakers block until this is dropped.
struct Blocked {
    _ends: Vec<mpsc::Sender<()>>,
    _streams: Vec<Subscription>,
}

impl Blocked {
    async fn on(runtime: &Runtime, count: usize) -> Self {
        let (mut ends, mut streams) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut stream = synced(runtime).await;
            let (end, ended) = mpsc::channel();
            let waker = Waker::from(Arc::new(Blocking(Mutex::new(ended))));
            // What a turn does meanwhile is read first.
            while stream.poll_next_unpin(&mut Context::from_waker(&waker)).is_ready() {}
            ends.push(end);
            streams.push(stream);
        }
        Self { _ends: ends, _streams: streams }
    }
}

async fn synced(runtime: &Runtime) -> Subscription {
    let mut stream = runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap();
    while stream.next().now_or_never().is_some() {}
    stream
}

async fn with_a_turn(runtime: &Runtime) -> (WorkerRef, InputReceipt) {
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let receipt = runtime.handle(SendInput::new(worker, "hello")).await.unwrap().receipt;
    (worker, receipt)
}

fn hanging() -> Profile {
    Profile::new("hanging", Arc::new(ScriptedProvider::hanging()))
}

/// Returns how long a future takes.
async fn time_of<T>(future: impl Future<Output = T>) -> (Duration, T) {
    let since = Instant::now();
    let output = soon(future).await;
    (since.elapsed(), output)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn time_limits_hold_beside_many_wakers_that_block() {
    let runtime = Runtime::builder().profile(hanging()).build().await.unwrap();
    let (worker, receipt) = with_a_turn(&runtime).await;
    let blocked = Blocked::on(&runtime, 100).await;
    soon(runtime.handle(rename(worker, "other"))).await.unwrap();
    let (waited, outcome) = Box::pin(time_of(runtime.wait_turn(receipt, LIMIT))).await;
    assert_eq!(outcome, Err(WaitError::TimedOut));
    assert!(waited < IN_TIME, "a wait: {waited:?}");
    let read = ReadEvents::new(Scope::runtime()).starting_at(EventsFrom::now()).wait(LIMIT);
    let there = runtime.clone();
    let (read, _) = time_of(tokio::spawn(async move { there.handle(read).await })).await;
    assert!(read < IN_TIME, "a query: {read:?}");
    runtime.handle(StopRuntime::new().deadline(LIMIT)).await.unwrap();
    let (stopped, ended) = time_of(runtime.wait_stopped(SOON)).await;
    ended.unwrap();
    assert!(stopped < IN_TIME, "a stop: {stopped:?}");
    drop(blocked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_times_out_beside_many_wakers_that_block() {
    let store = super::gate::GatedStore::new();
    let limits = Limits::default().commit(LIMIT);
    let builder = Runtime::builder().store(Arc::clone(&store) as _).limits(limits);
    let runtime = builder.build().await.unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let other = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let blocked = Blocked::on(&runtime, 100).await;
    runtime.handle(rename(other, "other")).await.unwrap();
    store.close();
    let (took, outcome) = time_of(runtime.handle(rename(worker, "late"))).await;
    outcome.unwrap_err();
    assert!(took < IN_TIME, "{took:?}");
    drop(blocked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_lease_is_renewed_beside_many_wakers_that_block() {
    let store = Arc::new(MemoryStore::new());
    let builder = Runtime::builder().store(Arc::clone(&store) as _);
    let lease = Duration::from_millis(600);
    let runtime = builder.lease_duration(lease).build().await.unwrap();
    let (worker, _) = with_a_turn(&runtime).await;
    let blocked = Blocked::on(&runtime, 100).await;
    runtime.handle(rename(worker, "other")).await.unwrap();
    let since = Instant::now();
    while since.elapsed() < lease * 3 {
        let other = Runtime::builder().store(Arc::clone(&store) as _).build().await;
        assert!(matches!(other, Err(BuildError::StoreOwned { .. })), "{:?}", since.elapsed());
        tokio::time::sleep(LIMIT / 4).await;
    }
    runtime.handle(rename(worker, "still")).await.unwrap();
    drop(blocked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_is_woken_soon_beside_many_wakers_that_block() {
    let runtime = Runtime::builder().build().await.unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let blocked = Blocked::on(&runtime, 300).await;
    let mut stream = synced(&runtime).await;
    let reader = tokio::spawn(async move { stream.next().await });
    tokio::time::sleep(LIMIT).await;
    runtime.handle(rename(worker, "other")).await.unwrap();
    let (read, item) = time_of(reader).await;
    assert!(item.unwrap().is_some());
    assert!(read < IN_TIME, "{read:?}");
    drop(blocked);
}

#[test]
fn wakers_that_block_take_no_thread_of_tokios() {
    let mut tokio = Builder::new_multi_thread();
    let tokio = tokio.worker_threads(2).max_blocking_threads(1).enable_time().build().unwrap();
    tokio.block_on(async {
        let runtime = Runtime::builder().build().await.unwrap();
        let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
        let blocked = Blocked::on(&runtime, 20).await;
        runtime.handle(rename(worker, "other")).await.unwrap();
        // The time in which all of them come to block.
        thread::sleep(LIMIT * 5);
        soon(tokio::task::spawn_blocking(|| {})).await.unwrap();
        let sent = soon(runtime.handle(SendInput::new(worker, "hello"))).await.unwrap();
        soon(runtime.wait_turn(sent.receipt, SOON)).await.unwrap();
        drop(blocked);
    });
}

/// Ends a tokio runtime on a thread of its own beside a waker that blocks, and checks that neither
/// that nor the stream of another reader waits for the waker. `rings` says whether the waker blocks
/// before the end.
fn ends_beside_a_waker_that_blocks(rings: bool, end: fn(tokio::runtime::Runtime)) {
    let tokio = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (runtime, blocked, mut stream) = tokio.block_on(async {
        let runtime = Runtime::builder().build().await.unwrap();
        let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
        let blocked = Blocked::on(&runtime, 1).await;
        if rings {
            runtime.handle(rename(worker, "other")).await.unwrap();
        }
        let stream = synced(&runtime).await;
        (runtime, blocked, stream)
    });
    let (told, is_told) = mpsc::channel();
    let tells = told.clone();
    thread::spawn(move || {
        let other = Builder::new_current_thread().build().unwrap();
        other.block_on(async { while stream.next().await.is_some() {} });
        tells.send("the stream has ended")
    });
    thread::sleep(LIMIT);
    thread::spawn(move || {
        end(tokio);
        told.send("the tokio runtime is gone")
    });
    for _ in 0..2 {
        is_told.recv_timeout(SOON).expect("neither waits for the waker");
    }
    drop((runtime, blocked));
}

#[test]
fn a_tokio_runtime_is_dropped_while_a_waker_blocks() {
    ends_beside_a_waker_that_blocks(true, drop);
}

#[test]
fn streams_end_with_the_tokio_runtime_behind_a_waker_that_blocks() {
    ends_beside_a_waker_that_blocks(false, tokio::runtime::Runtime::shutdown_background);
}

/// Does something in a task that then blocks its thread, and returns once it is done.
async fn then_blocks<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (done, is_done) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let _ = done.send(future.await);
        thread::sleep(BLOCKED);
    });
    is_done.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_turn_begins_though_its_caller_blocks() {
    let runtime = Runtime::builder().build().await.unwrap();
    let (worker, first) = with_a_turn(&runtime).await;
    soon(runtime.wait_turn(first, SOON)).await.unwrap();
    let there = runtime.clone();
    let (took, end) = Box::pin(time_of(async {
        let sent = then_blocks(async move { there.handle(SendInput::new(worker, "hello")).await });
        runtime.wait_turn(sent.await.unwrap().receipt, SOON).await
    }))
    .await;
    end.unwrap();
    assert!(took < IN_TIME, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_goes_on_though_its_caller_blocks() {
    let runtime = Runtime::builder().profile(hanging()).build().await.unwrap();
    with_a_turn(&runtime).await;
    tokio::time::sleep(LIMIT).await;
    let there = runtime.clone();
    let (took, stopped) = time_of(async {
        let stop = StopRuntime::new().deadline(LIMIT);
        then_blocks(async move { there.handle(stop).await }).await.unwrap();
        runtime.wait_stopped(SOON).await
    })
    .await;
    stopped.unwrap();
    assert!(took < IN_TIME, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_is_committed_though_its_caller_blocks() {
    let (runtime, store, worker) = gated().await;
    store.close();
    let there = runtime.clone();
    then_blocks(async move {
        let mut update = pin!(there.handle(rename(worker, "first")));
        assert!(update.as_mut().now_or_never().is_none());
        // The change is on its way, and waits for the store by now.
        thread::sleep(LIMIT);
        store.open();
    })
    .await;
    let (took, updated) = time_of(runtime.handle(rename(worker, "second"))).await;
    updated.unwrap();
    assert!(took < IN_TIME, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wait_ends_though_another_caller_blocks() {
    let runtime = Runtime::builder().build().await.unwrap();
    let read = || ReadEvents::new(Scope::runtime()).starting_at(EventsFrom::now()).wait(LIMIT);
    let (there, first) = (runtime.clone(), read());
    // The time in which the Runtime comes to wait for its own next time.
    tokio::time::sleep(LIMIT / 2).await;
    then_blocks(async move {
        let mut wait = Box::pin(async move { there.handle(first).await });
        // The first polls may give way.
        for _ in 0..5 {
            assert!(wait.as_mut().now_or_never().is_none());
        }
        std::mem::forget(wait);
    })
    .await;
    let (took, waited) = time_of(runtime.handle(read())).await;
    waited.unwrap();
    assert!(took < IN_TIME, "{took:?}");
}

/// A store that is never open.
struct NeverOpen(MemoryStore);

impl StoreWrapper for NeverOpen {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn open(&self, _: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        StoreFuture::pending(std::future::pending())
    }
}

#[tokio::test]
async fn a_build_that_is_dropped_leaves_no_task() {
    let tasks = tokio::runtime::Handle::current().metrics();
    for _ in 0..10 {
        let limits = Limits::default().commit(SOON * 3);
        let builder = Runtime::builder().store(Arc::new(NeverOpen(MemoryStore::new())));
        let mut build = Box::pin(builder.limits(limits).build());
        assert!(build.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    soon(async {
        while tasks.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
