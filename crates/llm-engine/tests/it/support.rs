//! Runs turns and checks what holds for every one of them.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{
    Engine, EngineError, ErrorKind, Message, ModelRequest, Policy, Provider, RetryPolicy,
    StopReason, TokenUsage, Turn, TurnEvent,
};

/// A request whose input is `text`.
pub(crate) fn asking(text: &str) -> ModelRequest {
    ModelRequest::new(vec![Message::user(text)])
}

/// The default policy without retries.
pub(crate) fn once() -> Policy {
    Policy::default().retry(RetryPolicy::default().max_retries(0))
}

/// A turn of `provider` under `policy`.
pub(crate) fn turn(provider: &(impl Provider + Clone), policy: Policy) -> Turn {
    Engine::with_policy(Arc::new(provider.clone()), policy).turn(asking("hello"))
}

/// All events of a turn of `provider` under `policy`.
pub(crate) async fn run(provider: &(impl Provider + Clone), policy: Policy) -> Vec<TurnEvent> {
    drain(turn(provider, policy)).await
}

/// All events of `turn`, which must keep what every turn promises.
pub(crate) async fn drain(mut turn: Turn) -> Vec<TurnEvent> {
    let mut events = Vec::new();
    while let Some(event) = turn.next().await {
        events.push(event);
    }
    assert_eq!(turn.next().await, None, "a turn that is over stays over");
    check_promises(&events);
    assert_eq!(turn.usage(), usage(&events));
    events
}

/// One terminal event, the last; no empty delta.
#[track_caller]
fn check_promises(events: &[TurnEvent]) {
    let terminals = events.iter().filter(|event| event.is_terminal()).count();
    assert_eq!(terminals, 1, "{events:?}");
    let is_last = events.last().is_some_and(TurnEvent::is_terminal);
    assert!(is_last, "the last event is not terminal: {events:?}");
    for event in events {
        if let TurnEvent::TextDelta(text) | TurnEvent::ReasoningDelta(text) = event {
            assert!(!text.is_empty(), "an empty delta: {events:?}");
        }
    }
}

/// The text deltas joined.
pub(crate) fn joined(events: &[TurnEvent]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            TurnEvent::TextDelta(text) => Some(text.as_str()),
            TurnEvent::Started
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::Usage(_)
            | TurnEvent::Retrying { .. }
            | TurnEvent::Completed { .. }
            | TurnEvent::Cancelled { .. }
            | TurnEvent::Failed { .. }
            | _ => None,
        })
        .collect()
}

/// The tokens that the terminal event tells.
pub(crate) fn usage(events: &[TurnEvent]) -> TokenUsage {
    match events.last() {
        Some(
            TurnEvent::Completed { usage, .. }
            | TurnEvent::Cancelled { usage, .. }
            | TurnEvent::Failed { usage, .. },
        ) => *usage,
        other => panic!("the last event is not terminal: {other:?}"),
    }
}

/// Why the turn failed.
#[track_caller]
pub(crate) fn failure(events: &[TurnEvent]) -> &EngineError {
    match events.last() {
        Some(TurnEvent::Failed { error, .. }) => error,
        other => panic!("not failed: {other:?}"),
    }
}

/// Why the model stopped.
#[track_caller]
pub(crate) fn stop_reason(events: &[TurnEvent]) -> StopReason {
    match events.last() {
        Some(TurnEvent::Completed { stop_reason, .. }) => *stop_reason,
        other => panic!("not completed: {other:?}"),
    }
}

/// The pauses before retries, in order.
pub(crate) fn pauses(events: &[TurnEvent]) -> Vec<Duration> {
    events
        .iter()
        .filter_map(|event| match event {
            TurnEvent::Retrying { delay, .. } => Some(*delay),
            TurnEvent::Started
            | TurnEvent::TextDelta(_)
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::Usage(_)
            | TurnEvent::Completed { .. }
            | TurnEvent::Cancelled { .. }
            | TurnEvent::Failed { .. }
            | _ => None,
        })
        .collect()
}

/// An error that is worth a retry.
pub(crate) fn overloaded() -> EngineError {
    EngineError::new(ErrorKind::Overloaded, "no capacity")
}

/// Input and output tokens.
pub(crate) fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage::new().input(input).output(output)
}
