//! Token counts that a provider reported are in the turn's usage, however the turn ends.

use std::{sync::Arc, task::Poll, time::Duration};

use futures_util::stream;
use llm_engine::{
    EngineError, ErrorKind, ModelRequest, Provider, ProviderEvent, ProviderStream, Script,
    ScriptedProvider, StopReason, TokenUsage,
};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use worker_runtime::{
    Limits, Profile, Runtime,
    commands::{CreateWorker, SendInput},
    queries::GetWorker,
};

use crate::support::{TOKENS, World, and, cancel_turn, cancel_worker, send, stop};

/// Scripts that report [`TOKENS`] before the turn ends, in different ways.
fn told() -> Vec<(&'static str, Script)> {
    vec![
        ("before any text", Script::new().usage(TOKENS)),
        ("after the last text", Script::new().text("a").usage(TOKENS)),
        ("after reasoning", Script::new().reasoning("hm").usage(TOKENS)),
        (
            "in parts, around text",
            Script::new()
                .usage(TokenUsage::new().input(7).cached_input(3).reasoning(2))
                .text("a")
                .usage(TokenUsage::new().output(5)),
        ),
        ("while nothing else comes", Script::new().delay(Duration::from_millis(1)).usage(TOKENS)),
    ]
}

/// Starts a turn of `provider`, waits, ends the turn with `request`, and returns the turn's usage.
async fn ended_by(
    provider: ScriptedProvider,
    wait: Duration,
    request: impl Fn(&Value) -> Value,
) -> Value {
    let world = World::builder().provider(provider).build().await;
    let worker = world.worker().await;
    let reply = world.ok(send(&worker, "hi")).await;
    tokio::time::sleep(wait).await;
    world.ok(request(&worker)).await;
    let turn = world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    assert_eq!(world.detail(&worker).await["usage"], turn["turn"]["usage"]);
    turn["turn"]["usage"].clone()
}

#[track_caller]
fn check(usage: &Value, times: u64, when: &str) {
    assert_eq!(usage["input_tokens"], 7 * times, "{when}: {usage}");
    assert_eq!(usage["cached_input_tokens"], 3 * times, "{when}: {usage}");
    assert_eq!(usage["output_tokens"], 5 * times, "{when}: {usage}");
    assert_eq!(usage["reasoning_tokens"], 2 * times, "{when}: {usage}");
}

const SOON: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn when_a_command_ends_the_turn() {
    let within =
        |worker: &Value, deadline_ms| and(stop(worker), json!({ "deadline_ms": deadline_ms }));
    for (when, script) in told() {
        let provider = ScriptedProvider::new().script(script.hang());
        check(&ended_by(provider.clone(), SOON, cancel_turn).await, 1, when);
        check(&ended_by(provider.clone(), SOON, cancel_worker).await, 1, when);
        check(&ended_by(provider.clone(), SOON, |worker| within(worker, 0)).await, 1, when);
        check(&ended_by(provider, SOON, |worker| within(worker, 1000)).await, 1, when);
        let late = Script::new().delay(SOON * 2);
        let late = ScriptedProvider::new().script(late.usage(TOKENS).hang());
        check(&ended_by(late, SOON, |worker| within(worker, 1000)).await, 1, "after the stop");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_turn_ends_by_itself() {
    for (when, script) in told() {
        for end in [
            script.clone().finish(),
            script.clone().error(EngineError::new(ErrorKind::InvalidRequest, "no")),
            script.clone().panic(),
            // The engine's own time limit passes. The engine repeats a call that had no output.
            script.hang(),
        ] {
            let provider = ScriptedProvider::new().script(end);
            let nothing = |worker: &Value| json!({ "type": "get_worker", "worker": worker });
            let usage = ended_by(provider.clone(), Duration::from_hours(1), nothing).await;
            check(&usage, provider.calls() as u64, when);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn together_with_a_deadline_of_the_engine() {
    let first_event = Duration::from_millis(Limits::default().turn_first_event_ms);
    let script = Script::new().delay(first_event).usage(TOKENS).hang();
    let provider = ScriptedProvider::new().script(script);
    let usage = ended_by(provider.clone(), first_event + SOON, cancel_turn).await;
    assert_eq!(provider.calls(), 1, "the call is to be made again");
    check(&usage, 1, "in the pause");
}

#[tokio::test(start_paused = true)]
async fn between_two_calls_and_in_the_second_one() {
    let overloaded = EngineError::new(ErrorKind::Overloaded, "no capacity");
    let pause = overloaded.with_retry_after(Duration::from_secs(9));
    let provider = || {
        ScriptedProvider::new()
            .script(Script::new().usage(TOKENS).error(pause.clone()))
            .script(Script::new().usage(TOKENS).hang())
    };
    check(&ended_by(provider(), SOON, cancel_turn).await, 1, "in the pause");
    check(&ended_by(provider(), SOON * 2000, cancel_turn).await, 2, "in the second call");
}

/// A provider that tells its tokens together with its end, and whose stream blocks the thread that
/// drops it.
struct BlocksInDrop;

struct Blocking(Option<ProviderEvent>);

impl Drop for Blocking {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_secs(1));
    }
}

impl Provider for BlocksInDrop {
    fn name(&self) -> &'static str {
        "blocking"
    }

    fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
        let end = ProviderEvent::Finished { stop_reason: StopReason::EndTurn, usage: TOKENS };
        let mut blocking = Blocking(Some(end));
        Box::pin(stream::poll_fn(move |_| Poll::Ready(blocking.0.take().map(Ok))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_engine_blocks_its_thread_and_the_watch_ends_the_turn() {
    let blocked = Script::new().usage(TOKENS).block(Duration::from_secs(1)).finish();
    let scripted: Arc<dyn Provider> = Arc::new(ScriptedProvider::new().script(blocked));
    for provider in [scripted, Arc::new(BlocksInDrop)] {
        check_ended_by_the_watch(provider).await;
    }
}

async fn check_ended_by_the_watch(provider: Arc<dyn Provider>) {
    let engines = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a tokio runtime");
    let limits = Limits::default()
        .turn_first_event(Duration::from_millis(200))
        .turn_idle(Duration::from_millis(200));
    let runtime = Runtime::builder()
        .profile(Profile::new("blocking", provider))
        .limits(limits)
        .turn_runtime(engines.handle().clone())
        .build()
        .await
        .expect("the Runtime is built");
    let worker = runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker;
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    runtime.wait_idle(worker, Duration::from_secs(30)).await.expect("the turn ends");
    let detail = runtime.handle(GetWorker { worker }).await.expect("the Worker").detail;
    assert_eq!(detail.usage.input_tokens, 7);
    drop(runtime);
    engines.shutdown_background();
}
