//! A conversation that the model's context cannot hold is shortened, once.

use std::sync::Arc;

use llm_engine::{
    EngineError, ErrorKind, Message, Script, ScriptedProvider, StopReason, TurnEvent,
};
use worker::{HistoryBudget, Worker, WorkerEvent};

use crate::support::{drain, ending, profile, said, tokens, worker};

fn too_long() -> EngineError {
    EngineError::new(ErrorKind::ContextLengthExceeded, "too long")
}

fn failing_then(script: Script) -> ScriptedProvider {
    ScriptedProvider::new()
        .script(Script::new().usage(tokens(40, 0)).error(too_long()))
        .script(script)
}

#[tokio::test]
async fn the_turn_is_run_again_with_half_of_the_history() {
    let provider =
        failing_then(Script::new().text("ok").finish_with(StopReason::EndTurn, tokens(20, 1)));
    let history = said(["one", "two", "six"]);
    let mut worker = worker(&provider).with_history(history);
    let events = drain(worker.turn(Message::user("ten"))).await;
    let expected = [
        WorkerEvent::Turn(TurnEvent::Started),
        WorkerEvent::Turn(TurnEvent::Usage(tokens(40, 0))),
        WorkerEvent::HistoryShortened { dropped: 2, kept: 2 },
        WorkerEvent::Turn(TurnEvent::TextDelta("ok".into())),
        WorkerEvent::Turn(TurnEvent::Usage(tokens(60, 1))),
        WorkerEvent::Turn(TurnEvent::Completed {
            stop_reason: StopReason::EndTurn,
            usage: tokens(60, 1),
        }),
    ];
    assert_eq!(events, expected);
    assert_eq!(provider.requests()[1].messages, said(["six", "ten"]));
    assert_eq!(worker.conversation().len(), 5, "the conversation itself is whole");
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(60, 1)));
}

#[tokio::test]
async fn half_is_measured_in_bytes_and_keeps_the_newest() {
    let provider = failing_then(Script::new().finish());
    let mut worker = worker(&provider).with_history(said(["a", "b", "c"]));
    let events = drain(worker.turn(Message::user("a long newest message"))).await;
    assert_eq!(events[2], WorkerEvent::HistoryShortened { dropped: 3, kept: 1 });
}

#[tokio::test]
async fn it_is_shortened_once() {
    let provider = ScriptedProvider::failing(too_long());
    let mut worker = worker(&provider).with_history(said(["one", "two", "six"]));
    let events = drain(worker.turn(Message::user("ten"))).await;
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(matches!(ending(&events), TurnEvent::Failed { error, .. } if *error == too_long()));
    assert_eq!(provider.calls(), 2);
    assert_eq!(worker.usage().turns, 1);
}

#[tokio::test]
async fn with_nothing_to_leave_out_the_failure_passes() {
    let provider = ScriptedProvider::failing(too_long());
    let mut worker = worker(&provider);
    let events = drain(worker.turn(Message::user("ten"))).await;
    assert!(matches!(ending(&events), TurnEvent::Failed { error, .. } if *error == too_long()));
    assert_eq!((events.len(), provider.calls()), (2, 1));
}

#[tokio::test]
async fn after_output_nothing_is_run_again() {
    for script in [Script::new().text("a"), Script::new().reasoning("a")] {
        let provider = ScriptedProvider::new().script(script.error(too_long()));
        let mut worker = worker(&provider).with_history(said(["one", "two"]));
        let events = drain(worker.turn(Message::user("ten"))).await;
        assert!(matches!(ending(&events), TurnEvent::Failed { .. }));
        assert_eq!(provider.calls(), 1);
    }
}

#[tokio::test]
async fn dropping_the_second_try_counts_both() {
    use futures_util::StreamExt;
    let provider = failing_then(Script::new().usage(tokens(20, 1)).text("ok").hang());
    let mut worker = worker(&provider).with_history(said(["one"]));
    let mut turn = worker.turn(Message::user("ten"));
    let mut told = None;
    loop {
        match turn.next().await {
            Some(WorkerEvent::Turn(TurnEvent::Usage(usage))) => told = Some(usage),
            Some(WorkerEvent::Turn(TurnEvent::TextDelta(_))) => break,
            other => assert!(other.is_some(), "the turn is over"),
        }
    }
    assert_eq!(told, Some(tokens(60, 1)), "both tries are told");
    drop(turn);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(60, 1)));
    assert_eq!(worker.conversation().last(), Some(&Message::assistant("ok")));
}

#[tokio::test]
async fn tokens_are_learnt_from_what_was_really_given() {
    let provider = failing_then(Script::new().finish_with(StopReason::EndTurn, tokens(3, 0)))
        .script(Script::new().finish());
    let budget = HistoryBudget { max_tokens: Some(8), ..HistoryBudget::default() };
    let mut worker = Worker::new(Arc::new(profile(&provider).history(budget)))
        .with_history(said(["one", "two", "six"]));
    drain(worker.turn(Message::user("ten"))).await;
    drain(worker.turn(Message::user("too much"))).await;
    assert_eq!(provider.requests()[2].messages.len(), 3, "6 bytes were 3 tokens: 16 bytes fit");
}
