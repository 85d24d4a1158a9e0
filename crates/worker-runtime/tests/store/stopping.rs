//! A Runtime that stops reports the end last, and in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use llm_engine::{EchoProvider, ScriptedProvider};
use tokio::{task::JoinSet, time::Instant};
use worker_runtime::{
    Clock, EventsFrom, Limits, Profile, Runtime, Scope, StreamItem, Subscribe, Subscription,
    SystemClock, WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorkers},
    event::EventType,
    model::Input,
    queries::GetOverview,
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
            asking.handle(GetOverview { recent: Some(100) }).await.unwrap();
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
    let stop = StopRuntime { deadline_ms: Some(deadline_ms), ..StopRuntime::default() };
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
