//! A turn that is dropped leaves a conversation that can go on.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
};

use futures_util::Stream;
use llm_engine::{
    EngineError, ErrorKind, Message, Role, Script, ScriptedProvider, StopReason, ToolEffects,
    TurnEvent,
};
use tokio::task::yield_now;

use super::{calling, counting, results, worker};
use crate::support::{drain, ending, tokens};

/// Two steps, the first of which has two calls that run one after the other, and an answer.
fn provider() -> ScriptedProvider {
    ScriptedProvider::new()
        .script(
            Script::new()
                .text("First.")
                .call("keep", r#"{"n":1}"#)
                .call("keep", r#"{"n":2}"#)
                .finish_with(StopReason::ToolCall, tokens(1, 1)),
        )
        .script(Script::new().call("look", r#"{"n":3}"#).finish())
        .script(Script::new().text("An").text("swer").finish())
}

fn counts() -> Arc<[AtomicUsize; 2]> {
    Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)])
}

/// Lets everything run that can, so that what was cancelled is gone.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_turn_that_is_dropped_at_any_point_leaves_whole_steps_that_tell_the_truth() {
    let mut is_over = false;
    let mut polls = 0;
    while !is_over {
        let (kept, looked) = (counts(), counts());
        let tools = [
            counting("keep", ToolEffects::Idempotent, &kept),
            counting("look", ToolEffects::None, &looked),
        ];
        let provider = provider();
        let mut worker = worker(&provider, tools);
        let mut turn = worker.turn(Message::user("hi"));
        for _ in 0..polls {
            let mut context = Context::from_waker(Waker::noop());
            let polled = Pin::new(&mut turn).poll_next(&mut context);
            is_over = matches!(polled, std::task::Poll::Ready(None));
            if polled.is_pending() {
                yield_now().await;
            }
        }
        drop(turn);
        settle().await;

        assert_eq!(worker.usage().turns, 1);
        check_truth(worker.conversation(), [&kept, &looked]);
        let conversation = worker.conversation().to_vec();
        assert_eq!(conversation[0], Message::user("hi"));
        assert!(conversation[1..].iter().all(|message| message.role == Role::Assistant));
        drain(worker.turn(Message::user("again"))).await;
        let given = provider.requests();
        let is_next = |request: &&Arc<llm_engine::ModelRequest>| {
            request.messages.iter().any(|message| &*message.text == "again")
        };
        let next = given.iter().find(is_next).unwrap();
        let expected: Vec<Message> =
            conversation.into_iter().chain([Message::user("again")]).collect();
        assert_eq!(next.messages, expected, "after {polls} polls");
        polls += 1;
    }
    assert!(polls > 20, "a turn of {polls} polls has too few points");
}

/// What the results say is what the tools did.
fn check_truth(conversation: &[Message], [kept, looked]: [&Arc<[AtomicUsize; 2]>; 2]) {
    let results = results(conversation);
    let told = |words: &str| results.iter().filter(|text| text.contains(words)).count();
    let load =
        |counts: &Arc<[AtomicUsize; 2]>| counts.each_ref().map(|it| it.load(Ordering::SeqCst));
    let ([began, returned], [looks, _]) = (load(kept), load(looked));
    assert!(told("done") <= returned + looks);
    let unknown = told("not known whether it had its effect");
    // A tool may be over, or not even have begun, when the turn is dropped before it is asked.
    assert!(began <= unknown + told("done"), "{results:?}");
    assert!(unknown <= 1, "one after the other");
}

#[tokio::test]
async fn dropping_a_turn_drops_what_runs() {
    let counts = counts();
    let provider = calling(["keep", "keep"]);
    let mut worker = worker(&provider, [counting("keep", ToolEffects::Unsafe, &counts)]);
    let mut turn = worker.turn(Message::user("hi"));
    while counts[0].load(Ordering::SeqCst) == 0 {
        let _ = Pin::new(&mut turn).poll_next(&mut Context::from_waker(Waker::noop()));
        yield_now().await;
    }
    drop(turn);
    settle().await;
    assert_eq!(counts.each_ref().map(|it| it.load(Ordering::SeqCst)), [1, 0]);
    let expected = [
        "the call was cancelled; it is not known whether it had its effect, so find out before you \
         call it again",
        "this call was cancelled before it began",
    ];
    assert_eq!(results(worker.conversation()), expected);
}

#[tokio::test]
async fn a_model_call_that_fails_after_a_step_keeps_the_step_and_its_text() {
    let counts = counts();
    let provider = ScriptedProvider::new()
        .script(
            Script::new()
                .call("look", r#"{"n":1}"#)
                .finish_with(StopReason::ToolCall, tokens(3, 1)),
        )
        .script(
            Script::new()
                .text("Hel")
                .call("look", r#"{"n":2}"#)
                .usage(tokens(4, 1))
                .error(EngineError::new(ErrorKind::Server, "no")),
        );
    let mut worker = worker(&provider, [counting("look", ToolEffects::None, &counts)]);
    let events = drain(worker.turn(Message::user("hi"))).await;
    let TurnEvent::Failed { error, usage } = ending(&events) else { panic!("{events:?}") };
    assert_eq!((error.kind, *usage), (ErrorKind::Server, tokens(7, 2)));
    assert_eq!(worker.conversation().len(), 3);
    assert_eq!(worker.conversation()[2], Message::assistant("Hel"));
    assert_eq!(counts[0].load(Ordering::SeqCst), 1, "the call of the cut model call did not run");
}
