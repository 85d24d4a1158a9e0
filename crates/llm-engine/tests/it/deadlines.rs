//! First event, idle, whole turn: measured on progress alone.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use llm_engine::{
    Deadlines, ErrorKind, Policy, ProviderEvent, RetryPolicy, Script, ScriptedProvider, TurnEvent,
};
use tokio::time::{Instant, advance};

use crate::support::{failure, joined, once, run, stop_reason, tokens, turn};

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    let deadlines =
        Deadlines::default().first_event(30 * SECOND).idle(10 * SECOND).turn(100 * SECOND);
    once().deadlines(deadlines)
}

fn playing(script: Script) -> ScriptedProvider {
    ScriptedProvider::new().script(script)
}

/// The turn must fail by the deadline called `name`, after exactly `wait`.
async fn check_timeout(script: Script, name: &str, wait: Duration) {
    let provider = playing(script);
    let began = Instant::now();
    let events = run(&provider, policy()).await;
    let error = failure(&events);
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains(&format!("deadlines.{name})")), "{error}");
    let waited = began.elapsed();
    assert!(waited >= wait && waited < wait + Duration::from_millis(5), "waited {waited:?}");
    assert_eq!(provider.live(), 0, "the call that timed out is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_begin_to_answer_times_out() {
    check_timeout(Script::new().hang(), "first_event", 30 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_falls_silent_times_out() {
    let script = Script::new().delay(29 * SECOND).text("a").hang();
    check_timeout(script, "idle", 39 * SECOND).await;
    let script = Script::new().delay(5 * SECOND).text("a").hang();
    check_timeout(script, "idle", 15 * SECOND).await;
    let script = Script::new().reasoning("a").delay(9 * SECOND).reasoning("b").hang();
    check_timeout(script, "idle", 19 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_goes_on_too_long_times_out() {
    let chatter = (0..20).fold(Script::new(), |script, _| script.text("a").delay(9 * SECOND));
    check_timeout(chatter.finish(), "turn", 100 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_are_not_progress() {
    let signs = |mut script: Script| {
        for event in [
            ProviderEvent::Connected,
            ProviderEvent::Heartbeat,
            ProviderEvent::TextDelta(String::new()),
            ProviderEvent::ReasoningDelta(String::new()),
            ProviderEvent::Usage(tokens(1, 1)),
        ] {
            script = script.delay(7 * SECOND).event(event);
        }
        script
    };
    check_timeout(signs(Script::new()).text("late"), "first_event", 30 * SECOND).await;
    check_timeout(signs(Script::new().text("a")).finish(), "idle", 10 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_right_before_a_deadline_is_taken() {
    let almost = Duration::from_millis(9_990);
    let script = Script::new().delay(29 * SECOND).text("a").delay(almost).text("b").delay(almost);
    let events = run(&playing(script.finish()), policy()).await;
    stop_reason(&events);
    assert_eq!(joined(&events), "ab");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_heartbeats_ends_at_the_deadline() {
    let mut turn = turn(&playing(Script::new().flood_with(ProviderEvent::Heartbeat)), policy());
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().now_or_never(), None);
    advance(30 * SECOND).await;
    match turn.next().await {
        Some(TurnEvent::Failed { error, .. }) => assert_eq!(error.kind, ErrorKind::Timeout),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_text_ends_at_the_turns_deadline() {
    let mut turn = turn(&playing(Script::new().flood("a")), policy());
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().await, Some(TurnEvent::TextDelta("a".into())));
    advance(100 * SECOND).await;
    let rest: Vec<_> = turn.collect().await;
    assert_eq!(failure(&rest).kind, ErrorKind::Timeout);
    assert!(rest.len() <= 16, "the clock is looked at often enough: {}", rest.len());
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_does_not_fail_its_provider() {
    let script = Script::new().text("a").delay(SECOND).text("b").delay(SECOND).finish();
    let mut turn = turn(&playing(script), policy());
    let mut text = String::new();
    while let Some(event) = turn.next().await {
        match event {
            TurnEvent::TextDelta(delta) => text += &delta,
            TurnEvent::Failed { error, .. } => panic!("{error}"),
            TurnEvent::Started
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::Retrying { .. }
            | TurnEvent::Usage(_)
            | TurnEvent::Completed { .. }
            | TurnEvent::Cancelled { .. }
            | _ => {}
        }
        advance(15 * SECOND).await;
    }
    assert_eq!(text, "ab");
}

#[tokio::test(start_paused = true)]
async fn the_first_event_deadline_is_each_calls_own() {
    let provider = ScriptedProvider::new()
        .script(Script::new().hang())
        .script(Script::new().delay(29 * SECOND).text("b").finish());
    let events = run(&provider, policy().retry(RetryPolicy::default())).await;
    stop_reason(&events);
    assert_eq!((provider.calls(), provider.live()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_turns_deadline_covers_all_calls() {
    let provider = ScriptedProvider::hanging();
    let began = Instant::now();
    let mut policy = policy();
    policy.retry.max_retries = 100;
    let events = run(&provider, policy).await;
    assert_eq!(failure(&events).kind, ErrorKind::Timeout);
    assert!(began.elapsed() <= 101 * SECOND);
    assert!(provider.calls() >= 3);
}

#[tokio::test(start_paused = true)]
async fn endless_deadlines_are_possible() {
    let deadlines =
        Deadlines::default().first_event(Duration::MAX).idle(Duration::MAX).turn(Duration::MAX);
    let script = Script::new().delay(Duration::from_hours(24)).text("a").finish();
    stop_reason(&run(&playing(script), once().deadlines(deadlines)).await);
}

#[test]
fn a_provider_that_is_always_ready_needs_no_timer_and_no_runtime() {
    let events = run(&playing(Script::new().text("a").finish()), policy()).now_or_never();
    assert_eq!(joined(&events.expect("never pending")), "a");
}
