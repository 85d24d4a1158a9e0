//! The newest messages that fit, and never none.

use std::sync::Arc;

use llm_engine::{Message, Script, ScriptedProvider, StopReason};
use proptest::prelude::*;
use worker::{HistoryBudget, TokenEstimate, Worker};

use crate::support::{drain, profile, said, tokens};

const ROOMY: HistoryBudget =
    HistoryBudget { max_bytes: usize::MAX, max_messages: usize::MAX, max_tokens: None };

#[track_caller]
fn check(budget: HistoryBudget, estimate: TokenEstimate, texts: &[&str], kept: usize) {
    let conversation: Vec<Message> = texts.iter().copied().map(Message::user).collect();
    let expected = &conversation[conversation.len() - kept..];
    assert_eq!(budget.select(&conversation, estimate), expected);
}

#[test]
fn bytes_are_counted_to_the_last_one() {
    for (max_bytes, kept) in [(9, 3), (8, 2), (6, 2), (5, 1), (3, 1), (2, 1), (0, 1)] {
        let budget = HistoryBudget { max_bytes, ..ROOMY };
        check(budget, TokenEstimate::default(), &["aaa", "bbb", "ccc"], kept);
    }
}

#[test]
fn messages_are_counted() {
    for (max_messages, kept) in [(4, 3), (3, 3), (2, 2), (1, 1), (0, 1)] {
        let budget = HistoryBudget { max_messages, ..ROOMY };
        check(budget, TokenEstimate::default(), &["a", "b", "c"], kept);
    }
}

#[test]
fn tokens_are_estimated() {
    let budget = HistoryBudget { max_tokens: Some(2), ..ROOMY };
    check(budget, TokenEstimate::default(), &["aaaa", "bbbb", "cccc"], 2);
    check(budget, TokenEstimate::observed(30, 10), &["aaaa", "bbbb", "cccc"], 1);
    check(budget, TokenEstimate::observed(60, 10), &["aaaa", "bbbb", "cccc"], 3);
    check(budget, TokenEstimate::observed(0, 10), &["aaaa", "bbbb", "cccc"], 2);
    check(budget, TokenEstimate::observed(10, 0), &["aaaa", "bbbb", "cccc"], 2);
    let endless = HistoryBudget { max_tokens: Some(u64::MAX), ..ROOMY };
    check(endless, TokenEstimate::observed(u64::MAX, 1), &["aaaa"], 1);
}

#[test]
fn the_newest_message_is_kept_alone_if_it_is_too_long() {
    let budget = HistoryBudget { max_bytes: 2, ..ROOMY };
    check(budget, TokenEstimate::default(), &["a", "long"], 1);
    check(budget, TokenEstimate::default(), &["", "long"], 1);
    check(budget, TokenEstimate::default(), &[], 0);
}

#[test]
fn there_is_no_hole() {
    let budget = HistoryBudget { max_bytes: 3, ..ROOMY };
    check(budget, TokenEstimate::default(), &["a", "too long", "b"], 1);
    let mut selection = budget.selector();
    let offered = ["b", "too long", "a", ""].map(|text| selection.offer(&Message::user(text)));
    assert_eq!(offered, [true, false, false, false]);
}

#[tokio::test]
async fn a_worker_learns_how_long_its_tokens_are() {
    let provider = ScriptedProvider::new()
        .script(Script::new().text("bbbb").finish_with(StopReason::EndTurn, tokens(6, 1)));
    let budget = HistoryBudget { max_tokens: Some(8), ..ROOMY };
    let profile = profile(&provider).history(budget).instructions("iiii");
    let mut worker = Worker::new(Arc::new(profile));
    drain(worker.turn(Message::user("aaaaaaaa"))).await;
    drain(worker.turn(Message::user("cccc"))).await;
    drain(worker.turn(Message::user("dddd"))).await;
    let given = |call: usize| provider.requests()[call].messages.len();
    assert_eq!(given(1), 3, "12 bytes were 6 tokens: 16 bytes fit");
    assert_eq!(given(2), 5, "20 bytes were 6 tokens: 26 bytes fit");
}

#[tokio::test]
async fn an_estimate_can_be_brought_along() {
    let provider = ScriptedProvider::answer("ok");
    let budget = HistoryBudget { max_tokens: Some(2), ..ROOMY };
    let mut worker = Worker::new(Arc::new(profile(&provider).history(budget)))
        .with_history(said(["aaaa", "bbbb", "cccc"]))
        .with_token_estimate(TokenEstimate::observed(60, 10));
    drain(worker.resume()).await;
    assert_eq!(provider.requests()[0].messages.len(), 3);
}

proptest! {
    #[test]
    fn what_is_chosen_is_the_longest_suffix_that_fits(
        texts in prop::collection::vec("[a€]{0,5}", 1..12),
        max_bytes in 0..40_usize,
        max_messages in 0..12_usize,
    ) {
        let budget = HistoryBudget { max_bytes, max_messages, max_tokens: None };
        let conversation: Vec<_> = texts.into_iter().map(Message::user).collect();
        let chosen = budget.select(&conversation, TokenEstimate::default());
        let fits = |kept: usize| {
            let suffix = &conversation[conversation.len() - kept..];
            let bytes: usize = suffix.iter().map(|message| message.text.len()).sum();
            kept <= 1 || (kept <= max_messages && bytes <= max_bytes)
        };
        prop_assert!(conversation.ends_with(&chosen));
        prop_assert!(!chosen.is_empty() && fits(chosen.len()));
        prop_assert!(chosen.len() == conversation.len() || !fits(chosen.len() + 1));
    }
}
