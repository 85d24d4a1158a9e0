//! A Runtime that stops says so last, and in time.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{EchoProvider, ScriptedProvider};
use tokio::time::Instant;
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe, WorkerRef,
    commands::{CreateWorker, StopRuntime, StopWorkers},
    event::EventType,
    model::Input,
};

use crate::{
    script::poll_some,
    trouble::{Trouble, TroubledStore},
    wrapper::Wrapped,
};

async fn with_turn(runtime: &Runtime) -> WorkerRef {
    let initial_input = Some(Input::user("hello"));
    let create = CreateWorker { initial_input, ..CreateWorker::default() };
    runtime.handle(create).await.unwrap().detail.worker
}

/// Stops a Runtime in which turns run, and reads the streams of its Workers and its own to their end.
async fn one_round() {
    const WORKERS: usize = 8;
    let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
    let runtime = Runtime::builder().profile(echo).build().await.unwrap();
    let mut own = runtime.subscribe(Subscribe::to(Scope::runtime())).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..WORKERS {
        let worker = with_turn(&runtime).await;
        let from_start =
            Subscribe::to(Scope::worker(worker)).from(worker_runtime::EventsFrom::oldest());
        streams.push(runtime.subscribe(from_start).await.unwrap());
    }
    runtime
        .handle(StopRuntime { workers: Some(StopWorkers::Keep), ..StopRuntime::default() })
        .await
        .unwrap();
    for mut stream in streams {
        let mut ends = 0;
        while let Some(item) = stream.next().await {
            if let StreamItem::Event(item) = item {
                ends += usize::from(item.event.event_type().ends_turn());
            }
        }
        assert_eq!(ends, 1, "a stream ended without the end of the turn");
    }
    let mut last = None;
    while let Some(item) = own.next().await {
        if let StreamItem::Event(item) = item {
            last = Some(item.event.event_type());
        }
    }
    assert_eq!(last, Some(EventType::RuntimeStopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_comes_after_the_end() {
    for _ in 0..300 {
        one_round().await;
    }
}

/// How long a stop with this deadline takes.
async fn stop_takes(runtime: &Runtime, deadline_ms: u64) -> Duration {
    let since = Instant::now();
    let stop = StopRuntime { deadline_ms: Some(deadline_ms), ..StopRuntime::default() };
    runtime.handle(stop).await.unwrap();
    runtime.wait_stopped(Duration::from_mins(20)).await.unwrap();
    since.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_its_deadline_though_the_store_never_answers() {
    let store = Arc::new(Wrapped(TroubledStore::default()));
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    let limits = worker_runtime::Limits { commit_ms: 600_000, ..worker_runtime::Limits::default() };
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
    store.0.set(Trouble::CommitsHang);
    assert!(poll_some(runtime.handle(CreateWorker::default()), 1).await, "the creation hangs");
    let took = stop_takes(&runtime, 100).await;
    assert!(took <= Duration::from_millis(2_200), "it took {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_its_deadline_though_the_lease_is_never_taken_back() {
    let store = Arc::new(Wrapped(TroubledStore::default()));
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    runtime.handle(CreateWorker::default()).await.unwrap();
    store.0.set(Trouble::ReleaseHangs);
    let took = stop_takes(&runtime, 100).await;
    assert!(took <= Duration::from_millis(700), "it took {took:?}");
}
