//! The ends of streams, also when the Runtime is dropped.

use std::{sync::Arc, time::Duration};

use llm_engine::{Script, ScriptedProvider};
use serde_json::{Value, json};
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe, Subscription, WorkerRef,
    commands::{CancelTurn, CreateWorker, SendInput, StopWorker},
    event::{EndReason, EventType},
    queries::GetTurn,
};

use super::{replayed, subscribed};
use crate::support::{
    FIRST_PIECE, World, and, at_once, cancel_worker, collect, delete, next_item, runtime_scope,
    scope_of, send, stop, stop_runtime, types,
};

#[tokio::test(start_paused = true)]
async fn a_workers_stream_ends_with_its_deletion() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut all = subscribed(&world, &runtime_scope(), json!({})).await;
    let mut own = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut own).await;
    world.ok(stop(&worker)).await;
    world.ok(delete(&worker)).await;
    let items = collect(&mut own, |item| item["type"] == "ended").await;
    assert_eq!(items.last(), Some(&json!({ "type": "ended", "reason": "worker_deleted" })));
    assert_eq!(types(&items).iter().filter(|item| **item == "worker_deleted").count(), 1);
    assert_eq!(next_item(&mut own).await, None);
    assert_eq!(next_item(&mut own).await, None, "one that is over stays over");
    replayed(&mut all).await;
    collect(&mut all, |item| item["type"] == "worker_deleted").await;
    world.worker().await;
    assert_eq!(next_item(&mut all).await.expect("the stream goes on")["type"], "worker_created");
}

#[tokio::test(start_paused = true)]
async fn all_streams_end_with_the_runtime() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut streams = [
        subscribed(&world, &runtime_scope(), json!({})).await,
        subscribed(&world, &scope_of(&worker), json!({})).await,
        subscribed(&world, &scope_of(&worker), json!({ "filter": { "types": [] } })).await,
    ];
    world.running(&worker, FIRST_PIECE).await;
    world.ok(stop_runtime()).await;
    for stream in &mut streams {
        let items = collect(stream, |item| item["type"] == "ended").await;
        assert_eq!(items.last(), Some(&json!({ "type": "ended", "reason": "runtime_stopped" })));
        assert_eq!(next_item(stream).await, None);
    }
    // A stream that begins after the end replays the log and ends.
    let mut late = world.stream(&scope_of(&worker)).await;
    let items = collect(&mut late, |item| item["type"] == "ended").await;
    assert!(types(&items).contains(&"turn_completed"));
    assert_eq!(next_item(&mut late).await, None);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_runtime_drops_its_turns_and_ends_its_streams() {
    let world = World::new().await;
    let workers = [world.worker().await, world.worker().await];
    for worker in &workers {
        world.running(worker, FIRST_PIECE).await;
    }
    let mut streams = vec![subscribed(&world, &runtime_scope(), json!({})).await];
    for worker in &workers {
        streams.push(subscribed(&world, &scope_of(worker), json!({})).await);
    }
    let provider = world.provider.clone();
    assert_eq!(provider.live(), 2);
    drop(world);
    for stream in &mut streams {
        let mut last = None;
        while let Some(item) = next_item(stream).await {
            last = Some(item);
        }
        assert_eq!(last, Some(json!({ "type": "ended", "reason": "runtime_stopped" })));
    }
    tokio::time::timeout(Duration::from_mins(1), async {
        while provider.live() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the engines' calls are gone");
}

/// A new Worker, and a stream of its events.
async fn followed(runtime: &Runtime) -> (WorkerRef, Subscription) {
    let worker = runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker;
    let stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.expect("a stream");
    (worker, stream)
}

/// A Runtime whose turns never end, with one running turn.
async fn with_a_hanging_turn(provider: &ScriptedProvider) -> (Runtime, Subscription) {
    let runtime = Runtime::builder()
        .profile(Profile::new("hanging", Arc::new(provider.clone())))
        .build()
        .await
        .expect("the Runtime is built");
    let (worker, mut stream) = followed(&runtime).await;
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    while !matches!(stream.next().await, Some(StreamItem::TextDelta { .. })) {}
    (runtime, stream)
}

#[test]
fn a_runtime_may_be_dropped_outside_of_tokio() {
    let provider = ScriptedProvider::new().script(Script::new().text("a").hang());
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a tokio runtime");
    let (runtime, mut stream) = tokio.block_on(with_a_hanging_turn(&provider));
    assert_eq!(provider.live(), 1);
    drop(runtime);
    let items: Vec<StreamItem> = tokio.block_on(async {
        let mut items = Vec::new();
        while let Some(item) = stream.next().await {
            items.push(item);
        }
        items
    });
    let ended = StreamItem::Ended { reason: EndReason::RuntimeStopped };
    assert_eq!(items.last(), Some(&ended));
    drop(tokio);
    assert_eq!(provider.live(), 0);
}

#[test]
fn a_runtime_may_outlive_its_tokio_runtime() {
    let provider = ScriptedProvider::new().script(Script::new().text("a").hang());
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let tokio = tokio.expect("a tokio runtime");
    let (runtime, stream) = tokio.block_on(with_a_hanging_turn(&provider));
    drop(tokio);
    assert_eq!(provider.live(), 0);
    drop(runtime);
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_clone_keeps_the_runtime_and_a_stream_does_not() {
    let world = World::new().await;
    let worker = world.worker().await;
    let clone = world.runtime.clone();
    let mut stream = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut stream).await;
    drop(world);
    let reference = serde_json::from_value(worker).expect("a reference");
    clone.handle(SendInput::new(reference, "hi")).await.expect("the Runtime lives");
    collect(&mut stream, |item| item["type"] == "turn_completed").await;
    drop(clone);
    collect(&mut stream, |item| item["type"] == "ended").await;
}

#[tokio::test(start_paused = true)]
async fn two_runtimes_in_one_process_share_nothing() {
    let [one, two] = [
        World::new().await,
        World::builder().with(|builder| builder.display_name("other")).build().await,
    ];
    // Both have the same ids, so that shared state would show.
    let [here, there] = [one.worker().await, two.worker().await];
    assert_eq!(here, there);
    let claims = json!({ "scope_claims": [{ "resource": "a", "access": "exclusive" }] });
    let keyed = and(and(crate::support::create(), claims), json!({ "idempotency_key": "k" }));
    let mut stream = subscribed(&two, &runtime_scope(), json!({})).await;
    replayed(&mut stream).await;
    let before = two.everything().await;
    one.ok(keyed.clone()).await;
    one.running(&here, FIRST_PIECE).await;
    one.ok(cancel_worker(&here)).await;
    one.ok(stop_runtime()).await;
    assert_eq!(two.everything().await, before);
    assert!(at_once(stream.next()).await.is_none());
    assert_eq!(two.ok(keyed).await["replayed"], false);
    two.ok(send(&there, "hi")).await;
}

/// Every operation of a Backend, without a paused clock.
async fn a_whole_life(runtime: Runtime) {
    let (worker, mut stream) = followed(&runtime).await;
    let mut ended = 0;
    for text in ["one two three", "four five six"] {
        let sent = runtime.handle(SendInput::new(worker, text)).await.expect("a turn");
        let mut answer = String::new();
        loop {
            match stream.next().await.expect("an item") {
                StreamItem::TextDelta { text, offset, .. } => {
                    assert_eq!(offset, answer.len() as u64);
                    answer.push_str(&text);
                }
                StreamItem::Event(item) if item.event.event_type().ends_turn() => break,
                _ => {}
            }
        }
        ended += 1;
        assert_eq!(answer, format!("echo: {text}"));
        let query = GetTurn::new(worker, sent.receipt.turn_id);
        let turn = runtime.handle(query).await.expect("the turn");
        assert!(turn.turn.outcome.is_some());
    }
    assert_eq!(ended, 2);
    runtime.handle(StopWorker::new(worker)).await.expect("the stop is accepted");
}

#[tokio::test(flavor = "current_thread")]
async fn it_works_on_one_thread() {
    a_whole_life(Runtime::builder().build().await.expect("the Runtime is built")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_on_many_threads() {
    let runtime = Runtime::builder().build().await.expect("the Runtime is built");
    let lives: Vec<_> = (0..20).map(|_| tokio::spawn(a_whole_life(runtime.clone()))).collect();
    for life in lives {
        life.await.expect("a whole life");
    }
}

/// A separate tokio runtime with one thread for the engines.
fn engines() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a tokio runtime")
}

/// Waits for the end of the running turn and returns its type.
async fn end_of_turn(stream: &mut Subscription) -> EventType {
    loop {
        if let Some(StreamItem::Event(item)) = stream.next().await
            && item.event.event_type().ends_turn()
        {
            return item.event.event_type();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_whose_tokio_runtime_is_gone_misses_its_deadline() {
    let engines = engines();
    let limits = worker_runtime::Limits::default().turn_first_event(Duration::from_millis(200));
    let runtime = Runtime::builder()
        .limits(limits)
        .turn_runtime(engines.handle().clone())
        .build()
        .await
        .expect("the Runtime is built");
    let (worker, mut stream) = followed(&runtime).await;
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    assert_eq!(end_of_turn(&mut stream).await, EventType::TurnCompleted);
    engines.shutdown_background();
    for _ in 0..2 {
        runtime.handle(SendInput::new(worker, "again")).await.expect("a turn");
        assert_eq!(end_of_turn(&mut stream).await, EventType::TurnFailed);
    }
}

/// Checks that a turn of `script`, which blocks the engines' only thread, ends at its deadline, and that
/// cancellations and other Workers go on meanwhile.
async fn check_blocked(script: Script) {
    let engines = engines();
    let limits = worker_runtime::Limits::default()
        .turn_first_event(Duration::from_millis(200))
        .turn_idle(Duration::from_millis(200));
    let provider = ScriptedProvider::new().script(script);
    let runtime = Runtime::builder()
        .profile(Profile::new("blocking", Arc::new(provider)))
        .limits(limits)
        .turn_runtime(engines.handle().clone())
        .build()
        .await
        .expect("the Runtime is built");
    let began = std::time::Instant::now();
    let (worker, mut stream) = followed(&runtime).await;
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    let end = end_of_turn(&mut stream).await;
    assert_eq!(end, EventType::TurnFailed, "the deadline passed");
    // The thread is still blocked. A turn that waits for the thread can be cancelled.
    runtime.handle(SendInput::new(worker, "again")).await.expect("a turn");
    runtime.handle(CancelTurn::new(worker)).await.expect("the turn is cancelled");
    let other = runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker;
    runtime.handle(StopWorker::new(other)).await.expect("the stop is accepted");
    assert!(began.elapsed() < Duration::from_secs(3), "all while the engine blocked");
    drop(runtime);
    engines.shutdown_background();
}

const LONG: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_blocks_between_outputs_stops_nothing_else() {
    let pause = Duration::from_millis(20);
    check_blocked(Script::new().text("a").delay(pause).block(LONG).text("b").finish()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_blocks_right_after_an_output_stops_nothing_else() {
    check_blocked(Script::new().text("a").block(LONG).text("b").finish()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_blocks_before_its_first_output_stops_nothing_else() {
    check_blocked(Script::new().block(LONG).text("b").finish()).await;
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_has_done_everything_or_nothing() {
    use crate::support::{SteppedStore, Verdict, send_keyed};
    for polls in 0..4 {
        let store = SteppedStore::new(Arc::default());
        let world = World::builder().store(store.as_store()).build().await;
        let worker = world.worker().await;
        store.next([Verdict::Held]);
        let request = send_keyed(&worker, "hi", "k");
        {
            let mut call = std::pin::pin!(world.call(request.clone()));
            for _ in 0..polls {
                assert!(at_once(&mut call).await.is_none());
                tokio::task::yield_now().await;
            }
        }
        store.release_one();
        tokio::time::sleep(Duration::from_millis(1)).await;
        let total = world.transcript(&worker).await["total"].clone();
        let again = world.ok(request).await;
        let expected: (Value, Value) =
            if polls == 0 { (json!(0), json!(false)) } else { (total.clone(), json!(true)) };
        assert_eq!((total, again["replayed"].clone()), expected, "after {polls} polls");
        world.finished(&worker, &again["receipt"]["turn_id"]).await;
        assert_eq!(world.transcript(&worker).await["total"], 2, "after {polls} polls");
    }
}
