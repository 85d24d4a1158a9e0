//! The whole answer of a turn, collected.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{
    Engine, ErrorKind, Script, ScriptedProvider, StopReason, TokenUsage, TurnEnd, TurnRequest,
};
use tokio_util::sync::CancellationToken;

use crate::support::{asking, once, overloaded, tokens, turn};

#[tokio::test]
async fn it_is_the_deltas_joined_with_the_end_and_the_tokens() {
    let script = Script::new().text("Hel").reasoning("hm").text("lo");
    let script = script.finish_with(StopReason::MaxTokens, tokens(3, 2));
    let answer = turn(&ScriptedProvider::new().script(script), once()).collect_answer().await;
    assert_eq!(
        (&*answer.text, answer.end, answer.usage),
        ("Hello", TurnEnd::Completed(StopReason::MaxTokens), tokens(3, 2))
    );
}

#[tokio::test]
async fn a_failure_keeps_what_had_streamed() {
    let script = Script::new().usage(tokens(3, 1)).text("Hel").error(overloaded());
    let answer = turn(&ScriptedProvider::new().script(script), once()).collect_answer().await;
    assert_eq!(
        (&*answer.text, answer.end, answer.usage),
        ("Hel", TurnEnd::Failed(overloaded()), tokens(3, 1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_turn_keeps_what_had_streamed() {
    let provider = ScriptedProvider::new().script(Script::new().text("Hel").hang());
    let token = CancellationToken::new();
    let request = TurnRequest::from(asking("hi")).cancelled_by(token.clone());
    let turn = Engine::new(Arc::new(provider)).turn(request);
    let (answer, ()) = tokio::join!(turn.collect_answer(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.cancel();
    });
    assert_eq!((&*answer.text, answer.end), ("Hel", TurnEnd::Cancelled));
    assert_eq!(answer.usage, TokenUsage::default());
}

#[tokio::test]
async fn a_turn_that_was_over_has_no_answer_left() {
    let mut turn = turn(&ScriptedProvider::answer("hi"), once());
    while turn.next().await.is_some() {}
    let answer = turn.collect_answer().await;
    assert_eq!(answer.text, "");
    assert!(matches!(answer.end, TurnEnd::Failed(error) if error.kind == ErrorKind::Interrupted));
}
