//! Turns over a history that the caller keeps.

use std::sync::Arc;

use futures_util::StreamExt;
use llm_engine::{
    EngineError, ErrorKind, Message, Script, ScriptedProvider, StopReason, TurnEvent,
};
use worker::{HistoryBudget, TokenEstimate, Worker, WorkerEvent};

use crate::support::{drain, profile, said, tokens, worker};

#[tokio::test]
async fn text_passes_and_the_workers_own_conversation_stays() {
    let script = Script::new().text("Hel").text("lo");
    let script = script.finish_with(StopReason::EndTurn, tokens(6, 2));
    let provider = ScriptedProvider::new().script(script);
    let mut worker = worker(&provider).with_history(said(["kept"]));
    let events = drain(worker.turn_over(said(["one", "two"]))).await;
    let expected = [
        WorkerEvent::Turn(TurnEvent::Started),
        WorkerEvent::Turn(TurnEvent::TextDelta("Hel".into())),
        WorkerEvent::Turn(TurnEvent::TextDelta("lo".into())),
        WorkerEvent::Turn(TurnEvent::Usage(tokens(6, 2))),
        WorkerEvent::Turn(TurnEvent::Completed {
            stop_reason: StopReason::EndTurn,
            usage: tokens(6, 2),
        }),
    ];
    assert_eq!(events, expected);
    assert_eq!(provider.requests()[0].messages, said(["one", "two"]));
    assert_eq!(worker.conversation(), said(["kept"]));
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(6, 2)));
}

#[tokio::test]
async fn the_next_history_is_chosen_by_what_was_learned() {
    let script = Script::new().finish_with(StopReason::EndTurn, tokens(8, 1));
    let provider = ScriptedProvider::new().script(script);
    let budget = HistoryBudget { max_tokens: Some(8), ..HistoryBudget::default() };
    let mut worker = Worker::new(Arc::new(profile(&provider).history(budget)));
    let fits = |worker: &Worker| {
        let mut selection = worker.history_selection();
        (0..9).take_while(|_| selection.offer(&Message::user("abcd"))).count()
    };
    assert_eq!((worker.token_estimate(), fits(&worker)), (TokenEstimate::default(), 8));
    drain(worker.turn_over(said(["abcdefgh"]))).await;
    assert_eq!((worker.token_estimate(), fits(&worker)), (TokenEstimate::observed(8, 8), 2));
}

#[tokio::test]
async fn a_dropped_turn_is_settled_and_learned_from() {
    let script = Script::new().usage(tokens(4, 1)).text("a").hang();
    let provider = ScriptedProvider::new().script(script);
    let mut worker = worker(&provider);
    let mut turn = worker.turn_over(said(["hi"]));
    let is_text =
        |event: &WorkerEvent| *event == WorkerEvent::Turn(TurnEvent::TextDelta("a".into()));
    while !turn.next().await.as_ref().is_some_and(is_text) {}
    drop(turn);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(4, 1)));
    assert_eq!(worker.token_estimate(), TokenEstimate::observed(2, 4));
    assert_eq!(provider.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_a_call_that_was_made_again_are_not_learned_twice() {
    let overloaded = EngineError::new(ErrorKind::Overloaded, "no capacity");
    let provider = ScriptedProvider::new()
        .script(Script::new().usage(tokens(4, 0)).error(overloaded))
        .script(Script::new().finish_with(StopReason::EndTurn, tokens(4, 1)));
    let mut worker = worker(&provider);
    drain(worker.turn_over(said(["hi"]))).await;
    assert_eq!(worker.usage().tokens, tokens(8, 1));
    assert_eq!(worker.token_estimate(), TokenEstimate::observed(2, 4));
}

/// One report of this size must not leave the next turn without a history.
#[tokio::test]
async fn absurd_counts_are_not_learned_from() {
    for absurd in [u64::MAX, 1 << 40, 0] {
        let provider = ScriptedProvider::new()
            .script(Script::new().text("a").finish_with(StopReason::EndTurn, tokens(8, 1)))
            .script(Script::new().text("a").finish_with(StopReason::EndTurn, tokens(absurd, 1)));
        let mut worker = worker(&provider);
        for _ in 0..2 {
            drain(worker.turn_over(said(["abcdefgh"]))).await;
            assert_eq!(worker.token_estimate(), TokenEstimate::observed(8, 8), "{absurd}");
        }
        assert_eq!(worker.usage().tokens.is_complete(), absurd != u64::MAX);
    }
}

#[tokio::test]
async fn the_sum_of_turns_is_too_low_if_one_told_nothing() {
    let told = Script::new().text("a").finish_with(StopReason::EndTurn, tokens(7, 1));
    let provider = ScriptedProvider::new()
        .script(told.clone())
        .script(told)
        .script(Script::new().text("a").finish());
    let mut worker = worker(&provider);
    for (turns, input, is_complete) in [(1, 7, true), (2, 14, true), (3, 14, false)] {
        drain(worker.turn_over(said(["hi"]))).await;
        let usage = worker.usage();
        assert_eq!((usage.turns, usage.tokens.input_tokens.unwrap().get()), (turns, input));
        assert_eq!(usage.tokens.is_complete(), is_complete);
    }
}
