//! Workers that play scripts.

use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use llm_engine::{Message, ScriptedProvider, TokenUsage, TurnEvent};
use worker::{Profile, Worker, WorkerEvent};

/// A profile that plays what `provider` holds.
pub(crate) fn profile(provider: &ScriptedProvider) -> Profile {
    Profile::new("scripted", Arc::new(provider.clone()))
}

/// A Worker with that profile.
pub(crate) fn worker(provider: &ScriptedProvider) -> Worker {
    Worker::new(Arc::new(profile(provider)))
}

/// All events of `turn`, of which the last alone is terminal.
pub(crate) async fn drain(mut turn: impl Stream<Item = WorkerEvent> + Unpin) -> Vec<WorkerEvent> {
    let mut events = Vec::new();
    while let Some(event) = turn.next().await {
        events.push(event);
    }
    assert_eq!(turn.next().await, None, "a turn that is over stays over");
    let terminals = events.iter().filter(|event| is_terminal(event)).count();
    assert!(terminals == 1 && events.last().is_some_and(is_terminal), "{events:?}");
    events
}

fn is_terminal(event: &WorkerEvent) -> bool {
    match event {
        WorkerEvent::Turn(event) => event.is_terminal(),
        WorkerEvent::HistoryShortened { .. } | _ => false,
    }
}

/// The engine's event that ends `events`.
#[track_caller]
pub(crate) fn ending(events: &[WorkerEvent]) -> &TurnEvent {
    match events.last() {
        Some(WorkerEvent::Turn(event)) => event,
        other => panic!("not the engine's event: {other:?}"),
    }
}

/// Input and output tokens.
pub(crate) fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage::new().input(input).output(output)
}

/// Messages of a user.
pub(crate) fn said<const N: usize>(texts: [&str; N]) -> Vec<Message> {
    texts.map(Message::user).into()
}
