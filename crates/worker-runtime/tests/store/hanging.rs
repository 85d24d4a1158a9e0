//! A store that hangs, fails or panics affects only the requests that need the store.

use std::{sync::Arc, time::Duration};

use llm_engine::EchoProvider;
use tokio::time::{Instant, sleep, timeout};
use worker_runtime::{
    BuildError, EventsFrom, Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe,
    WorkerRef,
    commands::{
        CreateWorker, DeleteWorker, SendInput, StopRuntime, StopWorker, StopWorkers, UpdateWorker,
    },
    model::{RuntimeState, TurnErrorKind, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetTranscript, GetTurn, GetWorker, ListTurns, ReadEvents},
};

use crate::{
    fault_store::{Fault, FaultStore},
    script::poll_some,
    trouble::{Trouble, TroubledStore},
};

type Troubled = Arc<TroubledStore>;

async fn runtime() -> (Runtime, Troubled) {
    let store = Troubled::new(TroubledStore::default());
    (runtime_on(&store).await, store)
}

async fn runtime_on(store: &Troubled) -> Runtime {
    let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
    let runtime = Runtime::builder().profile(echo).store(Arc::clone(store) as _).build().await;
    runtime.unwrap()
}

async fn worker(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::default()).await.unwrap().detail.worker
}

fn rename(worker: WorkerRef) -> UpdateWorker {
    UpdateWorker { display_name: Some("other".to_owned()), ..UpdateWorker::new(worker) }
}

/// Sends an input and returns the outcome of the turn.
async fn converse(runtime: &Runtime, worker: WorkerRef) -> Option<TurnOutcome> {
    let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    let get = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, sent.receipt.turn_id) };
    runtime.handle(get).await.unwrap().turn.outcome
}

async fn stops_within(runtime: &Runtime, limit: Duration) {
    let since = Instant::now();
    while runtime.handle(GetRuntime {}).await.unwrap().summary.state != RuntimeState::Stopped {
        assert!(since.elapsed() <= limit, "the Runtime is still stopping after {limit:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_for_one_worker_holds_up_no_other() {
    let (runtime, store) = runtime().await;
    let (stuck, free) = (worker(&runtime).await, worker(&runtime).await);
    store.set(Trouble::CommitsOfHang(stuck.worker_id));
    let update = {
        let runtime = runtime.clone();
        tokio::spawn(async move { runtime.handle(rename(stuck)).await })
    };
    sleep(Duration::from_millis(1)).await;
    let since = Instant::now();
    assert_eq!(converse(&runtime, free).await, Some(TurnOutcome::Completed));
    runtime.handle(GetWorker { worker: stuck }).await.unwrap();
    runtime.handle(GetTranscript::new(stuck)).await.unwrap();
    assert_eq!(since.elapsed(), Duration::ZERO, "somebody waited for the store");

    let refused = update.await.unwrap().unwrap_err();
    assert!(matches!(refused, RuntimeError::StoreFailed { certain: false, .. }), "{refused:?}");
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::from_secs(1)))
        .await
        .unwrap();
    stops_within(&runtime, Duration::from_secs(30)).await;
    let state = runtime.handle(GetWorker { worker: free }).await.unwrap().detail.state;
    assert_eq!(state, WorkerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_stops_in_spite_of_a_creation_that_hangs() {
    let (runtime, store) = runtime().await;
    store.set(Trouble::CommitsHang);
    assert!(poll_some(runtime.handle(CreateWorker::default()), 1).await);
    runtime
        .handle(StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::ZERO))
        .await
        .unwrap();
    stops_within(&runtime, Duration::from_secs(30)).await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_is_dropped_while_a_turns_end_hangs_leaves_nothing_behind() {
    let (runtime, store) = runtime().await;
    let worker = worker(&runtime).await;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    store.set(Trouble::CommitsHang);
    sleep(Duration::from_secs(1)).await;
    let record = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(record.state, WorkerState::Running, "the end of the turn is not committed");
    drop(runtime);
    sleep(Duration::from_mins(2)).await;
    assert_eq!(Arc::strong_count(&store), 1, "somebody still holds the store");
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_turn_shows_while_its_end_hangs() {
    let (runtime, store) = runtime().await;
    let worker = worker(&runtime).await;
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    store.set(Trouble::CommitsHang);
    let text = async {
        loop {
            if let Some(StreamItem::TextDelta { text, .. }) = stream.next().await {
                return text;
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(1), text).await.as_deref(), Ok("echo: hello"));
}

#[tokio::test(start_paused = true)]
async fn callers_who_gave_up_waiting_are_passed_over() {
    let (runtime, store) = runtime().await;
    let worker = worker(&runtime).await;
    store.set(Trouble::CommitsHang);
    assert!(poll_some(runtime.handle(rename(worker)), 1).await);
    for _ in 0..100_000 {
        let mut stop = Box::pin(runtime.handle(StopWorker::new(worker)));
        let polled =
            std::future::poll_fn(|context| std::task::Poll::Ready(stop.as_mut().poll(context)));
        assert!(polled.await.is_pending());
    }
    store.set(Trouble::None);
    sleep(Duration::from_secs(20)).await;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_costs_the_query_and_the_turn_that_needed_it() {
    for trouble in
        [Trouble::ReadsFail, Trouble::ReadsHang, Trouble::ReadsPanic, Trouble::ReadsPanicPending]
    {
        let (runtime, store) = runtime().await;
        let worker = worker(&runtime).await;
        assert_eq!(converse(&runtime, worker).await, Some(TurnOutcome::Completed));
        // What a Runtime has written itself, it does not read again for a turn.
        drop(runtime);
        sleep(Duration::from_mins(1)).await;
        let runtime = runtime_on(&store).await;
        store.set(trouble);
        let read = runtime.handle(GetTranscript::new(worker)).await;
        assert!(matches!(read, Err(RuntimeError::StoreFailed { .. })), "{trouble:?}: {read:?}");
        let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
        sleep(Duration::from_secs(30)).await;
        store.set(Trouble::None);
        let get = GetTurn::new(worker, sent.receipt.turn_id);
        let turn = runtime.handle(get).await.unwrap().turn;
        let kind = turn.error.as_ref().map(|error| error.kind);
        assert_eq!(kind, Some(TurnErrorKind::Store), "{trouble:?}");
        assert_eq!(converse(&runtime, worker).await, Some(TurnOutcome::Completed));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_opened_is_a_build_error() {
    for trouble in [Trouble::OpenHangs, Trouble::OpenPanics] {
        let store = Troubled::new(TroubledStore::default());
        store.set(trouble);
        let built = Runtime::builder().store(Arc::clone(&store) as _).build().await;
        assert!(matches!(built, Err(BuildError::StoreFailed(_))), "{trouble:?}: {built:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_listing_does_not_move_on_is_a_build_error() {
    let (runtime, store) = runtime().await;
    for _ in 0..600 {
        worker(&runtime).await;
    }
    runtime.handle(StopRuntime::default()).await.unwrap();
    runtime.wait_stopped(Duration::from_mins(1)).await.unwrap();
    store.set(Trouble::ListingRepeats);
    let built = Runtime::builder().store(Arc::clone(&store) as _).build();
    let built = timeout(Duration::from_mins(1), built).await.expect("the future ends in time");
    assert!(matches!(built, Err(BuildError::StoreFailed(_))), "{built:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_half_there_of_a_worker_whose_deletion_is_made_and_does_not_show_yet() {
    // The creation, two turns with a commit at either end, the stop, and the deletion.
    let store = Arc::new(FaultStore::failing(7, Fault::HangDone));
    let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
    let runtime = Runtime::builder().profile(echo).store(store).build().await.unwrap();
    let worker = worker(&runtime).await;
    let first = runtime.handle(SendInput::new(worker, "one")).await.unwrap().receipt.turn_id;
    runtime.wait_idle(worker, Duration::from_secs(1)).await.unwrap();
    converse(&runtime, worker).await;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    let from = |sequence| {
        let from = Some(EventsFrom::after_sequence(sequence));
        ReadEvents { from, ..ReadEvents::new(Scope::worker(worker)) }
    };
    let turns = || ListTurns { worker, page: None, outcomes: None };

    assert!(poll_some(runtime.handle(DeleteWorker::new(worker)), 2).await, "the deletion hangs");
    runtime.handle(GetWorker { worker }).await.unwrap();
    let gone = RuntimeError::WorkerNotFound {};
    assert_eq!(runtime.handle(from(0)).await.unwrap_err(), gone);
    assert_eq!(runtime.handle(from(3)).await.unwrap_err(), gone);
    assert_eq!(runtime.handle(GetTranscript::new(worker)).await.unwrap_err(), gone);
    assert_eq!(runtime.handle(turns()).await.unwrap_err(), gone);
    let latest = runtime.handle(GetWorker { worker }).await.unwrap().detail.last_turn.unwrap();
    for turn_id in [first, latest.turn_id] {
        assert_eq!(runtime.handle(GetTurn::new(worker, turn_id)).await.unwrap_err(), gone);
    }
}
