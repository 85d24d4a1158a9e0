//! The provider without a model.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{
    EchoProvider, Engine, Message, ModelRequest, Provider, StopReason, TokenUsage, TurnEvent,
};
use tokio::time::Instant;

use crate::support::{asking, drain, joined, stop_reason, usage};

async fn echoed(provider: EchoProvider, request: ModelRequest) -> Vec<TurnEvent> {
    drain(Engine::new(Arc::new(provider)).turn(request)).await
}

#[tokio::test]
async fn the_answer_comes_word_by_word_and_loses_nothing() {
    for text in ["one two  three", " led\tby\n\nspace ", "日本語 と\u{3000}空白", "one", " "]
    {
        let events = echoed(EchoProvider::new(), asking(text)).await;
        assert_eq!(joined(&events), format!("echo: {text}"));
        assert_eq!(stop_reason(&events), StopReason::EndTurn);
    }
    let events = echoed(EchoProvider::new(), asking("one two  three")).await;
    assert!(matches!(events[1], TurnEvent::Usage(_)), "{events:?}");
    assert!(matches!(events[events.len() - 2], TurnEvent::Usage(_)), "{events:?}");
    let words: Vec<_> = events[2..events.len() - 2].to_vec();
    let expected = ["echo: ", "one ", "two  ", "three"];
    assert_eq!(words, expected.map(|word| TurnEvent::TextDelta(word.into())));
}

#[tokio::test]
async fn without_anything_said_it_says_so() {
    let events = echoed(EchoProvider::new(), ModelRequest::default()).await;
    assert_eq!(joined(&events), "echo: nothing was said");
}

#[tokio::test]
async fn a_word_is_a_token() {
    let messages = vec![
        Message::user("hello you"),
        Message::assistant("echo: hello you"),
        Message::user("again"),
    ];
    let request = ModelRequest::new(messages).instructions("be a wall");
    let expected = TokenUsage::new().input(9).cached_input(0).output(2).reasoning(0);
    assert_eq!(usage(&echoed(EchoProvider::new(), request).await), expected);
}

#[tokio::test]
async fn the_input_is_counted_before_the_first_word() {
    let mut turn = Engine::new(Arc::new(EchoProvider::with_delay(Duration::from_hours(1))))
        .turn(asking("one two"));
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    let told = TokenUsage::new().input(2).cached_input(0);
    assert_eq!(turn.next().await, Some(TurnEvent::Usage(told)));
}

#[tokio::test(start_paused = true)]
async fn the_delay_comes_before_each_word() {
    let delay = Duration::from_millis(20);
    let began = Instant::now();
    echoed(EchoProvider::with_delay(delay), asking("one two")).await;
    let waited = began.elapsed();
    assert!(waited >= 3 * delay && waited < 4 * delay, "{waited:?}");
}

#[test]
fn without_a_delay_it_never_waits() {
    let long = "word ".repeat(50);
    let run = echoed(EchoProvider::new(), asking(&long));
    let events = futures_util::FutureExt::now_or_never(run).expect("always ready");
    assert_eq!(joined(&events), format!("echo: {long}"));
}

#[test]
fn it_is_called_echo() {
    assert_eq!(EchoProvider::new().name(), "echo");
}
