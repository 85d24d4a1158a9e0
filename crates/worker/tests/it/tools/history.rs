//! What the model is given of a conversation with steps.

use std::sync::{Arc, atomic::AtomicUsize};

use llm_engine::{
    Block, EngineError, ErrorKind, Message, ModelCall, Script, ScriptedProvider, Step, ToolEffects,
    ToolResult,
};
use proptest::prelude::*;
use worker::{HistoryBudget, TokenEstimate, WorkerEvent};

use super::{counting, worker};
use crate::support::drain;

const ROOMY: HistoryBudget =
    HistoryBudget { max_bytes: usize::MAX, max_messages: usize::MAX, max_tokens: None };

/// A step of `bytes`, of which its call takes one and its result the others.
fn step(bytes: usize) -> Message {
    let blocks = vec![Block::Call(ModelCall::new("f", ""))];
    let results = vec![ToolResult::new("r".repeat(bytes - 1))];
    Message::step(Step::new(blocks, results).unwrap())
}

fn select(conversation: &[Message], max_bytes: usize) -> Vec<usize> {
    let budget = HistoryBudget { max_bytes, ..ROOMY };
    let chosen = budget.select(conversation, TokenEstimate::default());
    let place = |message: &Message| conversation.iter().position(|it| it == message).unwrap();
    chosen.iter().map(place).collect()
}

#[test]
fn of_a_turn_that_goes_on_the_oldest_steps_are_left_out_first() {
    let conversation = [
        Message::user("old"),
        Message::assistant("ans"),
        Message::user("inp"),
        step(4),
        step(5),
        step(6),
    ];
    for (max_bytes, chosen) in [
        (24, vec![0, 1, 2, 3, 4, 5]),
        (23, vec![1, 2, 3, 4, 5]),
        (20, vec![2, 3, 4, 5]),
        (17, vec![2, 4, 5]),
        (13, vec![2, 5]),
        (9, vec![2, 5]),
        (0, vec![2, 5]),
    ] {
        assert_eq!(select(&conversation, max_bytes), chosen, "{max_bytes}");
    }
}

#[test]
fn an_older_turn_with_steps_is_given_whole_or_not_at_all() {
    let conversation =
        [Message::user("old"), step(4), step(5), Message::assistant("ans"), Message::user("inp")];
    for (max_bytes, chosen) in
        [(18, vec![0, 1, 2, 3, 4]), (17, vec![4]), (11, vec![4]), (6, vec![3, 4]), (5, vec![4])]
    {
        assert_eq!(select(&conversation, max_bytes), chosen, "{max_bytes}");
    }
}

#[tokio::test]
async fn a_turn_that_does_not_fit_goes_on_with_half() {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let too_long = EngineError::new(ErrorKind::ContextLengthExceeded, "too long");
    let provider = ScriptedProvider::new()
        .script(Script::new().call("look", r#"{"n":1}"#).finish())
        .script(Script::new().call("look", r#"{"n":2}"#).finish())
        .script(Script::new().error(too_long))
        .script(Script::new().text("ok").finish());
    let mut worker = worker(&provider, [counting("look", ToolEffects::None, &counts)]);
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert!(events.contains(&WorkerEvent::HistoryShortened { dropped: 1, kept: 2 }), "{events:?}");
    let conversation = worker.conversation();
    let expected = [conversation[0].clone(), conversation[2].clone()];
    assert_eq!(provider.requests()[3].messages, expected);
    assert_eq!(conversation.len(), 4, "the conversation itself is whole");
}

proptest! {
    #[test]
    fn a_history_begins_with_an_input_or_with_words(
        turns in prop::collection::vec(prop::collection::vec(1..9_usize, 0..4), 1..6),
        is_open in any::<bool>(),
        max_bytes in 0..80_usize,
        max_messages in 0..20_usize,
    ) {
        let mut conversation = Vec::new();
        for (number, steps) in turns.iter().enumerate() {
            conversation.push(Message::user(format!("{number}")));
            conversation.extend(steps.iter().copied().map(step));
            conversation.push(Message::assistant("a"));
        }
        conversation.truncate(conversation.len() - usize::from(is_open));
        let budget = HistoryBudget { max_bytes, max_messages, max_tokens: None };
        let chosen = budget.select(&conversation, TokenEstimate::default());
        prop_assert!(chosen.first().is_some_and(|first| first.step.is_none()));
        prop_assert_eq!(chosen.last(), conversation.last());
        let follows_input = |place: usize| chosen[..place].iter().any(|it| it.role == llm_engine::Role::User);
        for (place, message) in chosen.iter().enumerate() {
            prop_assert!(message.step.is_none() || follows_input(place));
        }
    }
}
