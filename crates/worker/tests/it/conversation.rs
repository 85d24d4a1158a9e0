//! What a turn leaves behind, however it ends.

use futures_util::StreamExt;
use llm_engine::{
    EngineError, ErrorKind, Message, Script, ScriptedProvider, StopReason, TokenUsage, TurnEvent,
};
use worker::{Worker, WorkerEvent, WorkerTurn};

use crate::support::{drain, ending, said, tokens, worker};

fn answering(text: &str, usage: TokenUsage) -> Script {
    Script::new().text(text).finish_with(StopReason::EndTurn, usage)
}

#[tokio::test]
async fn turns_make_a_conversation() {
    let provider = ScriptedProvider::new()
        .script(answering("one", tokens(3, 1)))
        .script(answering("two", tokens(9, 1)));
    let mut worker = worker(&provider);
    for input in ["first", "second"] {
        let events = drain(worker.turn(Message::user(input))).await;
        assert_eq!(events[0], WorkerEvent::Turn(TurnEvent::Started));
    }
    let expected = [
        Message::user("first"),
        Message::assistant("one"),
        Message::user("second"),
        Message::assistant("two"),
    ];
    assert_eq!(worker.conversation(), expected);
    assert_eq!(provider.requests()[1].messages, expected[..3]);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (2, tokens(12, 2)));
}

#[tokio::test]
async fn a_conversation_can_be_gone_on_with() {
    let provider = ScriptedProvider::answer("three");
    let mut worker = worker(&provider).with_history(said(["one", "two"]));
    drain(worker.resume()).await;
    assert_eq!(provider.requests()[0].messages, said(["one", "two"]));
    assert_eq!(worker.conversation()[2], Message::assistant("three"));
}

#[tokio::test]
async fn a_failed_turn_keeps_input_partial_and_usage() {
    let script = Script::new().usage(tokens(5, 1)).text("Hel").end_early();
    let mut worker = worker(&ScriptedProvider::new().script(script));
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert!(matches!(ending(&events), TurnEvent::Failed { .. }));
    assert_eq!(worker.conversation(), [Message::user("hi"), Message::assistant("Hel")]);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(5, 1)));
}

#[tokio::test]
async fn nothing_said_is_no_message() {
    let refused = EngineError::new(ErrorKind::InvalidRequest, "no");
    for script in [Script::new().error(refused), Script::new().finish()] {
        let mut worker = worker(&ScriptedProvider::new().script(script));
        drain(worker.turn(Message::user("hi"))).await;
        assert_eq!(worker.conversation(), said(["hi"]));
        assert_eq!(worker.usage().turns, 1);
    }
}

#[tokio::test]
async fn dropping_a_turn_cancels_it_and_keeps_what_had_streamed() {
    let script = Script::new().usage(tokens(5, 1)).text("Hel").text("lo").hang();
    let provider = ScriptedProvider::new().script(script);
    let mut worker = worker(&provider);
    let mut turn = worker.turn(Message::user("hi"));
    for _ in 0..4 {
        turn.next().await;
    }
    assert_eq!((turn.text(), turn.usage()), ("Hello", tokens(5, 1)));
    assert_eq!(provider.live(), 1);
    drop(turn);
    assert_eq!(provider.live(), 0);
    assert_eq!(worker.conversation(), [Message::user("hi"), Message::assistant("Hello")]);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(5, 1)));
}

#[tokio::test]
async fn a_turn_that_was_never_polled_leaves_its_input() {
    let provider = ScriptedProvider::answer("hello");
    let mut worker = worker(&provider);
    drop(worker.turn(Message::user("hi")));
    assert_eq!(provider.calls(), 0);
    assert_eq!(worker.conversation(), said(["hi"]));
}

#[tokio::test]
async fn a_turn_that_is_over_is_settled_before_it_is_dropped() {
    let mut worker = worker(&ScriptedProvider::answer("hello"));
    let mut turn = worker.turn(Message::user("hi"));
    while turn.next().await.is_some() {}
    assert_eq!(turn.text(), "hello");
    drop(turn);
    assert_eq!(worker.conversation().len(), 2);
    assert_eq!(worker.usage().turns, 1);
}

#[tokio::test]
async fn reasoning_is_given_out_and_not_kept() {
    let script = Script::new().reasoning("hm").text("yes").finish();
    let mut worker = worker(&ScriptedProvider::new().script(script));
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert!(events.contains(&WorkerEvent::Turn(TurnEvent::ReasoningDelta("hm".into()))));
    assert_eq!(worker.conversation()[1], Message::assistant("yes"));
}

#[test]
fn a_turn_can_be_sent() {
    fn check<T: Send + Unpin>(_: &T) {}
    let mut worker: Worker = worker(&ScriptedProvider::hanging());
    let turn: WorkerTurn<'_> = worker.turn(Message::user("hi"));
    check(&turn);
}
