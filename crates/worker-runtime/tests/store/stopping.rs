//! A Runtime that stops reports the end last, and in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use llm_engine::{EchoProvider, ScriptedProvider};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use worker_runtime::{
    Clock, EventsFrom, Limits, Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe,
    Subscription, SystemClock, WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorkers, UpdateWorker},
    event::EventType,
    model::{Input, RuntimeState},
    queries::{GetOverview, GetRuntime, Preview, Previewed},
};

use crate::{
    script::poll_some,
    trouble::{Trouble, TroubledStore},
};

async fn with_turn(runtime: &Runtime) -> WorkerRef {
    let initial_input = Some(Input::user("hello"));
    let create = CreateWorker { initial_input, ..CreateWorker::default() };
    runtime.handle(create).await.unwrap().detail.worker
}

/// Reads a stream to its end and returns the types of its events.
async fn types(mut stream: Subscription) -> Vec<EventType> {
    let mut types = Vec::new();
    while let Some(item) = stream.next().await {
        if let StreamItem::Event(item) = item {
            types.push(item.event.event_type());
        }
    }
    types
}

/// Stops a Runtime in which turns are about to end, while the streams of its Workers and its own are read
/// to their end.
async fn stop_among_ends(workers: usize) {
    let echo = EchoProvider::with_delay(Duration::from_millis(2));
    let echo = Profile::new("echo", Arc::new(echo));
    let runtime = Runtime::builder().profile(echo).build().await.unwrap();
    let own = runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap();
    let own = tokio::spawn(types(own));
    // Queries take the lock that publishers take too, so that those are late.
    let asking = runtime.clone();
    let asking = tokio::spawn(async move {
        loop {
            asking.handle(GetOverview::new().recent(100_u64)).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut streams = JoinSet::new();
    for _ in 0..workers {
        let worker = with_turn(&runtime).await;
        let all = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
        streams.spawn(types(runtime.subscribe(all).await.unwrap()));
    }
    let stop = StopRuntime { workers: Some(StopWorkers::Keep), ..StopRuntime::default() };
    runtime.handle(stop).await.unwrap();
    while let Some(types) = streams.join_next().await {
        let ends = types.unwrap().into_iter().filter(|event_type| event_type.ends_turn()).count();
        assert_eq!(ends, 1, "a stream ended without the end of the turn");
    }
    assert_eq!(own.await.unwrap().last(), Some(&EventType::RuntimeStopped));
    asking.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_comes_after_the_end() {
    for _ in 0..200 {
        stop_among_ends(8).await;
    }
}

/// The time that a stop with this deadline takes.
async fn stop_takes(runtime: &Runtime, deadline_ms: u64) -> Duration {
    let since = Instant::now();
    let deadline = Duration::from_millis(deadline_ms);
    let stop = StopRuntime::new().workers(StopWorkers::Stop).deadline(deadline);
    runtime.handle(stop).await.unwrap();
    runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
    since.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_its_deadline_though_the_store_never_answers() {
    let store = Arc::new(TroubledStore::default());
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    let limits = Limits::default().commit(Duration::from_mins(10));
    let runtime = Runtime::builder()
        .profile(hanging)
        .limits(limits)
        .store(Arc::clone(&store) as _)
        .build()
        .await
        .unwrap();
    for _ in 0..3 {
        with_turn(&runtime).await;
    }
    store.set(Trouble::CommitsHang);
    assert!(poll_some(runtime.handle(CreateWorker::default()), 1).await, "the creation hangs");
    let took = stop_takes(&runtime, 100).await;
    assert!(took <= Duration::from_millis(2_200), "the stop took {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_its_deadline_though_the_lease_is_never_taken_back() {
    let store = Arc::new(TroubledStore::default());
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    runtime.handle(CreateWorker::default()).await.unwrap();
    store.set(Trouble::ReleaseHangs);
    let took = stop_takes(&runtime, 100).await;
    assert!(took <= Duration::from_millis(700), "the stop took {took:?}");
}

/// A clock that panics `times` times, from the `nth` call on.
struct Panicking {
    asked: AtomicU64,
    nth: u64,
    times: u64,
}

impl Clock for Panicking {
    fn now_ms(&self) -> u64 {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!(self.nth..self.nth + self.times).contains(&asked), "trouble");
        SystemClock.now_ms()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_panics_keeps_no_turn_from_its_end_and_no_runtime_from_stopping() {
    // The build, the creation and the turn's end read the clock, too. From the fourth call on, only the
    // turn and the stop do.
    for nth in 4..10 {
        let clock = Panicking { asked: AtomicU64::new(0), nth, times: 2 };
        let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
        let runtime =
            Runtime::builder().profile(echo).clock(Arc::new(clock)).build().await.unwrap();
        let Ok(created) = runtime.handle(CreateWorker::default()).await else { continue };
        let worker = created.detail.worker;
        let Ok(_) = runtime.handle(SendInput::new(worker, "hello")).await else { continue };
        runtime.wait_idle(worker, Duration::from_mins(1)).await.unwrap();
        while runtime.handle(StopRuntime::default()).await.is_err() {}
        runtime.wait_stopped(Duration::from_mins(1)).await.unwrap();
    }
}

/// Checks that a change is refused with `code`, in a preview too, and that the Runtime says so itself.
async fn refused(runtime: &Runtime, worker: WorkerRef, state: RuntimeState, code: RuntimeError) {
    let rename = UpdateWorker::new(worker).display_name("late".to_owned());
    let told = runtime.handle(Preview::new(rename.clone())).await.unwrap().result;
    assert_eq!(told, Previewed::Refused { error: code.clone() });
    assert_eq!(runtime.handle(rename).await.unwrap_err(), code);
    assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().summary.state, state);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_refused_as_stopped_only_once_the_runtime_has_stopped() {
    let store = Arc::new(TroubledStore::default());
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let other = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let rename = UpdateWorker::new(other).display_name("slow".to_owned());
    store.set(Trouble::CommitsOfHang(other.worker_id));
    assert!(poll_some(runtime.handle(rename), 1).await, "the commit hangs");
    let stop = StopRuntime::new().workers(StopWorkers::Keep).deadline(Duration::from_secs(1));
    runtime.handle(stop).await.unwrap();
    // Another Worker's commit is waited for, and then the release of the lease.
    let stopping = || RuntimeError::RuntimeStopping {};
    sleep(Duration::from_millis(500)).await;
    store.set(Trouble::ReleaseHangs);
    refused(&runtime, worker, RuntimeState::Stopping, stopping()).await;
    sleep(Duration::from_millis(930)).await;
    refused(&runtime, worker, RuntimeState::Stopping, stopping()).await;
    runtime.wait_stopped(Duration::from_secs(1)).await.unwrap();
    refused(&runtime, worker, RuntimeState::Stopped, RuntimeError::RuntimeStopped {}).await;
}
