//! Waits have no race with events that happened before.

mod ends;
mod executors;
mod places;

use std::{sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ScriptedProvider};
use worker_runtime::{
    Limits, Profile, Runtime, WaitError,
    commands::{CreateWorker, DeleteWorker, SendInput, StopRuntime, StopWorker, UpdateWorker},
    event::EventType,
    model::WorkerState,
};

const LONG: Duration = Duration::from_hours(1);

async fn slow() -> Runtime {
    let echo = Arc::new(EchoProvider::with_delay(Duration::from_millis(10)));
    Runtime::builder().profile(Profile::new("slow", echo)).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_waited_for_before_and_after_its_end() {
    let runtime = slow().await;
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let receipt = runtime.handle(SendInput::new(worker, "a b c")).await.unwrap().receipt;
    let during = runtime.wait_turn(receipt, LONG).await.unwrap();
    let after = runtime.wait_turn(receipt, LONG).await.unwrap();
    assert_eq!(during.event_type(), EventType::TurnCompleted);
    assert_eq!(during, after);
    assert_eq!(during.turn_id, Some(receipt.turn_id));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_its_time() {
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    let runtime = Runtime::builder().profile(hanging).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let receipt = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
    let short = Duration::from_secs(1);
    assert_eq!(runtime.wait_turn(receipt, short).await, Err(WaitError::TimedOut));
    assert_eq!(runtime.wait_idle(worker, short).await, Err(WaitError::TimedOut));
    assert_eq!(runtime.wait_stopped(short).await, Err(WaitError::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn an_end_behind_many_other_events_is_found() {
    let runtime = Runtime::builder().build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for round in 0..700 {
        let display_name = Some(format!("name {round}"));
        let update = UpdateWorker { display_name, ..UpdateWorker::new(worker) };
        runtime.handle(update).await.unwrap();
    }
    let receipt = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
    assert_eq!(runtime.wait_idle(worker, LONG).await, Ok(WorkerState::Idle));
    let end = runtime.wait_turn(receipt, LONG).await.unwrap();
    assert_eq!(end.turn_id, Some(receipt.turn_id));
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_is_no_longer_kept_is_told_as_such() {
    let limits = Limits::default().events_per_worker(5);
    let runtime = Runtime::builder().limits(limits).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let first = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
    runtime.wait_turn(first, LONG).await.unwrap();
    let second = runtime.handle(SendInput::new(worker, "b")).await.unwrap().receipt;
    runtime.wait_turn(second, LONG).await.unwrap();
    assert_eq!(runtime.wait_turn(first, LONG).await, Err(WaitError::Expired));
}

#[tokio::test(start_paused = true)]
async fn idle_is_waited_for_until_the_worker_rests() {
    let runtime = slow().await;
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    assert_eq!(runtime.wait_idle(worker, Duration::ZERO).await, Ok(WorkerState::Idle));
    runtime.handle(SendInput::new(worker, "a b c")).await.unwrap();
    assert_eq!(runtime.wait_idle(worker, Duration::MAX).await, Ok(WorkerState::Idle));
    runtime.handle(SendInput::new(worker, "a b c")).await.unwrap();
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    assert_eq!(runtime.wait_idle(worker, LONG).await, Ok(WorkerState::Stopped));
    runtime.handle(DeleteWorker::new(worker)).await.unwrap();
    assert!(matches!(runtime.wait_idle(worker, LONG).await, Err(WaitError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn stopped_is_waited_for_before_and_after() {
    let runtime = slow().await;
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    runtime.handle(SendInput::new(worker, "a b c")).await.unwrap();
    runtime.handle(StopRuntime::default()).await.unwrap();
    runtime.wait_stopped(LONG).await.unwrap();
    runtime.wait_stopped(LONG).await.unwrap();
}
