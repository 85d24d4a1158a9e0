//! A turn is cancelled by its token, and by being dropped.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{Engine, Script, ScriptedProvider, TokenUsage, Turn, TurnEvent, TurnRequest};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::support::{asking, drain, joined, overloaded, tokens, turn};

fn cancellable(provider: &ScriptedProvider) -> (Turn, CancellationToken) {
    let token = CancellationToken::new();
    let request = TurnRequest::from(asking("hi")).cancelled_by(token.clone());
    (Engine::new(Arc::new(provider.clone())).turn(request), token)
}

fn cancelled(usage: TokenUsage) -> TurnEvent {
    TurnEvent::Cancelled { usage }
}

/// Cancels a turn after `wait`, from another task.
async fn cancel_after(wait: Duration, provider: &ScriptedProvider) -> Vec<TurnEvent> {
    let (turn, token) = cancellable(provider);
    let (events, ()) = tokio::join!(drain(turn), async {
        sleep(wait).await;
        token.cancel();
    });
    assert_eq!(provider.live(), 0);
    events
}

#[tokio::test]
async fn before_the_first_poll_nothing_is_begun() {
    let provider = ScriptedProvider::answer("hi");
    let (turn, token) = cancellable(&provider);
    token.cancel();
    assert_eq!(drain(turn).await, [cancelled(TokenUsage::default())]);
    assert_eq!(provider.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_it_keeps_text_and_usage() {
    let script = Script::new().usage(tokens(7, 1)).text("Hel").hang();
    let provider = ScriptedProvider::new().script(script);
    let events = cancel_after(Duration::from_secs(1), &provider).await;
    assert_eq!((&*joined(&events), events.last()), ("Hel", Some(&cancelled(tokens(7, 1)))));
    assert_eq!(provider.dropped_early(), 1);
}

#[tokio::test(start_paused = true)]
async fn during_a_pause_it_does_not_call_again() {
    let provider = ScriptedProvider::failing(overloaded().with_retry_after(Duration::from_secs(9)));
    let events = cancel_after(Duration::from_secs(1), &provider).await;
    assert_eq!(events.last(), Some(&cancelled(TokenUsage::default())));
    assert_eq!(provider.calls(), 1);
}

#[tokio::test]
async fn a_provider_that_is_always_ready_is_cancelled_at_the_next_poll() {
    let (mut turn, token) = cancellable(&ScriptedProvider::new().script(Script::new().flood("a")));
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().await, Some(TurnEvent::TextDelta("a".into())));
    token.cancel();
    assert_eq!(turn.next().await, Some(cancelled(TokenUsage::default())));
    assert_eq!(turn.next().await, None);
}

#[tokio::test]
async fn after_the_end_it_changes_nothing() {
    let (mut turn, token) = cancellable(&ScriptedProvider::answer("hi"));
    while turn.next().await.is_some_and(|event| !event.is_terminal()) {}
    token.cancel();
    assert_eq!(turn.next().await, None);
}

#[tokio::test]
async fn dropping_a_turn_cancels_its_call() {
    let script = Script::new().usage(tokens(7, 1)).text("a").hang();
    let provider = ScriptedProvider::new().script(script);
    let mut turn = turn(&provider, llm_engine::Policy::default());
    turn.next().await;
    assert_eq!(turn.next().await, Some(TurnEvent::Usage(tokens(7, 1))));
    assert_eq!(turn.next().await, Some(TurnEvent::TextDelta("a".into())));
    assert_eq!(provider.live(), 1);
    assert_eq!(turn.usage(), tokens(7, 1));
    drop(turn);
    assert_eq!((provider.live(), provider.dropped_early()), (0, 1));
}

#[tokio::test]
async fn a_turn_that_is_never_polled_calls_nobody() {
    let provider = ScriptedProvider::answer("hi");
    drop(turn(&provider, llm_engine::Policy::default()));
    assert_eq!(provider.calls(), 0);
}

#[tokio::test]
async fn the_call_is_dropped_before_its_end_is_told() {
    let provider = ScriptedProvider::answer("hi");
    let mut turn = turn(&provider, llm_engine::Policy::default());
    while turn.next().await.is_some_and(|event| !event.is_terminal()) {}
    assert_eq!((provider.live(), provider.dropped_early()), (0, 0));
}
