//! The end and the text of a turn while the outcome of a commit is unknown.

use std::{sync::Arc, time::Duration};

use llm_engine::{EchoProvider, EngineError, ErrorKind, Script, ScriptedProvider, TokenUsage};
use tokio::time::sleep;
use worker_runtime::{
    Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe, WorkerRef,
    commands::{CancelTurn, CreateWorker, StopWorker, UpdateWorker},
    model::{Input, TurnErrorKind, TurnOutcome, TurnSelector, Usage, WorkerState},
    queries::{GetTurn, GetWorker, ListDiagnostics},
    store::MemoryStore,
};

use crate::{
    fault_store::{Fault, FaultStore},
    script::poll_some,
    view::worker_view,
};

const WORDS: &str = "one two three four five six seven eight nine ten";

/// A Worker with a running answer that takes a second. The creation was the first commit.
async fn talking(store: FaultStore) -> (Runtime, WorkerRef) {
    let echo = EchoProvider::with_delay(Duration::from_millis(100));
    let runtime = Runtime::builder()
        .profile(Profile::new("echo", Arc::new(echo)))
        .store(Arc::new(store))
        .build()
        .await
        .unwrap();
    let initial_input = Some(Input::user(WORDS));
    let create = CreateWorker { initial_input, ..CreateWorker::default() };
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    sleep(Duration::from_millis(350)).await;
    (runtime, worker)
}

fn is_failure(certain: bool) -> impl Fn(&RuntimeError) -> bool {
    move |error| matches!(error, RuntimeError::StoreFailed { certain: told, .. } if *told == certain)
}

#[tokio::test(start_paused = true)]
async fn the_text_stays_as_it_was_when_a_cancel_was_sent() {
    let (runtime, worker) = talking(FaultStore::failing(2, Fault::HangDone)).await;
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    let first = runtime.handle(CancelTurn::new(worker)).await.unwrap_err();
    assert!(is_failure(false)(&first), "{first:?}");
    let second = runtime.handle(CancelTurn::new(worker)).await.unwrap_err();
    assert!(is_failure(true)(&second), "{second:?}");
    sleep(Duration::from_secs(20)).await;
    let seen = worker_view(&runtime, worker).await;
    seen.check();
    assert_eq!(seen.detail.last_outcome, Some(TurnOutcome::Cancelled));
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        match item {
            StreamItem::TextDelta { text: more, .. } => text.push_str(&more),
            StreamItem::Event(item) if item.event.event_type().as_str() == "turn_cancelled" => {
                break;
            }
            StreamItem::Event(_) | StreamItem::Synced { .. } => {}
            item => panic!("not in this stream: {item:?}"),
        }
    }
    assert_eq!(text, &*seen.transcript[1].text);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_refused_while_another_change_is_unknown_leaves_the_turn_running() {
    let (runtime, worker) = talking(FaultStore::failing(2, Fault::Unknown)).await;
    let rename = UpdateWorker { display_name: Some("new".to_owned()), ..UpdateWorker::new(worker) };
    let unknown = runtime.handle(rename).await.unwrap_err();
    assert!(is_failure(false)(&unknown), "{unknown:?}");
    let refused = runtime.handle(CancelTurn::new(worker)).await.unwrap_err();
    assert!(is_failure(true)(&refused), "{refused:?}");
    sleep(Duration::from_secs(20)).await;
    let seen = worker_view(&runtime, worker).await;
    seen.check();
    assert_eq!(seen.detail.last_outcome, Some(TurnOutcome::Completed));
    assert_eq!(&*seen.transcript[1].text, format!("echo: {WORDS}"));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_ends_while_another_change_is_unknown_ends_as_it_did() {
    let (runtime, worker) = talking(FaultStore::failing(2, Fault::Late)).await;
    let rename = UpdateWorker { display_name: Some("new".to_owned()), ..UpdateWorker::new(worker) };
    assert!(poll_some(runtime.handle(rename), 1).await);
    sleep(Duration::from_mins(1)).await;
    let seen = worker_view(&runtime, worker).await;
    seen.check();
    assert_eq!(seen.detail.display_name, "new");
    assert_eq!(seen.detail.last_outcome, Some(TurnOutcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_cancels_though_its_caller_has_gone() {
    let (runtime, worker) = talking(FaultStore::slow()).await;
    let stop = StopWorker { deadline_ms: Some(100), ..StopWorker::new(worker) };
    assert!(poll_some(runtime.handle(stop), 1).await);
    sleep(Duration::from_mins(1)).await;
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(detail.state, WorkerState::Stopped);
    assert_eq!(detail.last_outcome, Some(TurnOutcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_late_turn_whose_cancel_is_refused_fails_and_says_why() {
    // The creation, the stop, and then the cancel at the stop's deadline.
    let (runtime, worker) = talking(FaultStore::failing(3, Fault::Refuse)).await;
    let stop = StopWorker { deadline_ms: Some(100), ..StopWorker::new(worker) };
    runtime.handle(stop).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let seen = worker_view(&runtime, worker).await;
    seen.check();
    assert_eq!(seen.detail.state, WorkerState::Stopped);
    assert_eq!(seen.detail.last_outcome, Some(TurnOutcome::Failed));
    let error = seen.detail.last_turn.as_ref().and_then(|turn| turn.error.clone()).unwrap();
    assert_eq!(error.kind, TurnErrorKind::Store);
    assert!(seen.transcript[1].truncated, "the text before the end is kept");
    let told = runtime.handle(ListDiagnostics::default()).await.unwrap().items;
    assert!(told.iter().any(|diagnostic| diagnostic.message.contains("end of a turn")), "{told:?}");
}

/// A Runtime whose turn has used tokens in a call that failed, and hangs in the next call.
async fn retrying(store: &Arc<MemoryStore>) -> (Runtime, WorkerRef) {
    let used = TokenUsage::new().input(700).cached_input(100).output(30).reasoning(20);
    let overloaded = EngineError::new(ErrorKind::Overloaded, "later");
    let provider = ScriptedProvider::new()
        .script(Script::new().usage(used).error(overloaded))
        .script(Script::new().hang());
    let runtime = Runtime::builder()
        .profile(Profile::new("scripted", Arc::new(provider)))
        .store(Arc::clone(store) as _)
        .build()
        .await
        .unwrap();
    let create = CreateWorker::new().initial_input(Input::user("hi"));
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    sleep(Duration::from_mins(1)).await;
    (runtime, worker)
}

#[tokio::test(start_paused = true)]
async fn a_lost_turn_keeps_the_tokens_of_the_calls_that_failed() {
    let store = Arc::new(MemoryStore::new());
    let (runtime, worker) = retrying(&store).await;
    let latest = GetTurn::new(worker, TurnSelector::latest());
    let running = runtime.handle(latest.clone()).await.unwrap().turn;
    assert_eq!((running.outcome, running.usage), (None, Usage::default()), "as events tell it");
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(detail.last_turn.unwrap().usage, Usage::default());
    drop(runtime);
    sleep(Duration::from_mins(1)).await;
    let runtime = Runtime::builder().store(store).build().await.unwrap();
    let lost = runtime.handle(latest).await.unwrap().turn;
    assert_eq!(lost.outcome, Some(TurnOutcome::Lost));
    let usage = lost.usage;
    let tokens = [usage.input_tokens, usage.cached_input_tokens, usage.output_tokens];
    assert_eq!((tokens, usage.reasoning_tokens), ([700, 100, 30], 20));
    assert_eq!((usage.turns, usage.incomplete), (1, true), "the last call is not known");
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(detail.usage, usage);
    let diagnostics = runtime.handle(ListDiagnostics::new()).await.unwrap().items;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_a_call_that_failed_count_once() {
    let (runtime, worker) = retrying(&Arc::default()).await;
    runtime.handle(CancelTurn::new(worker)).await.unwrap();
    let usage = runtime.handle(GetWorker { worker }).await.unwrap().detail.usage;
    assert_eq!((usage.input_tokens, usage.turns, usage.incomplete), (700, 1, true));
}
