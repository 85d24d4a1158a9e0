//! What is given out, and the cap on it.

use std::time::Duration;

use futures_util::StreamExt;
use llm_engine::{
    Deadlines, ErrorKind, Script, ScriptedProvider, StopReason, TokenCount, TokenUsage, TurnEvent,
};

use crate::support::{self, failure, joined, once, run};

async fn capped(max_output_bytes: usize, script: Script) -> Vec<TurnEvent> {
    let provider = ScriptedProvider::new().script(script);
    let events = run(&provider, once().max_output_bytes(max_output_bytes)).await;
    assert_eq!(provider.live(), 0);
    events
}

fn completed() -> TurnEvent {
    TurnEvent::Completed { stop_reason: StopReason::EndTurn, usage: TokenUsage::default() }
}

#[tokio::test]
async fn deltas_come_as_they_are_and_empty_ones_do_not() {
    let script = Script::new().text("").reasoning("hm").reasoning("").text("Hel").text("lo");
    let events = capped(100, script.finish()).await;
    let expected = [
        TurnEvent::Started,
        TurnEvent::ReasoningDelta("hm".into()),
        TurnEvent::TextDelta("Hel".into()),
        TurnEvent::TextDelta("lo".into()),
        completed(),
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn an_answer_without_text_is_an_answer() {
    let events = capped(100, Script::new().finish()).await;
    assert_eq!(events, [TurnEvent::Started, completed()]);
}

#[tokio::test]
async fn the_cap_itself_is_allowed() {
    let events = capped(5, Script::new().text("Hel").text("lo").finish()).await;
    assert_eq!((&*joined(&events), events.last()), ("Hello", Some(&completed())));
}

#[tokio::test]
async fn one_byte_past_the_cap_fails_the_turn() {
    for script in [Script::new().text("Hel").text("lo!"), Script::new().text("Hello").text("!")] {
        let events = capped(5, script.finish()).await;
        assert_eq!(failure(&events).kind, ErrorKind::TooLarge);
        assert!(failure(&events).message.contains("5 bytes"));
        assert_eq!(joined(&events), "Hello");
    }
}

#[tokio::test]
async fn a_cut_falls_between_characters() {
    let events = capped(5, Script::new().text("a€€").finish()).await;
    assert_eq!(failure(&events).kind, ErrorKind::TooLarge);
    assert_eq!(joined(&events), "a€");
    let events = capped(2, Script::new().text("€").finish()).await;
    assert_eq!(joined(&events), "");
    assert_eq!(events.len(), 2, "no empty delta for what does not fit at all: {events:?}");
}

#[tokio::test]
async fn reasoning_counts_towards_the_cap() {
    let events = capped(5, Script::new().reasoning("hmm").text("yes").finish()).await;
    assert_eq!(failure(&events).kind, ErrorKind::TooLarge);
    assert_eq!(joined(&events), "ye");
    let script = ["hm", "hm", "hm"].into_iter().fold(Script::new(), Script::reasoning);
    let events = capped(5, script.finish()).await;
    assert_eq!(events[3], TurnEvent::ReasoningDelta("h".into()));
    assert_eq!(failure(&events).kind, ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_flood_ends_at_the_cap() {
    let events = capped(1000, Script::new().flood("abc")).await;
    assert_eq!(failure(&events).kind, ErrorKind::TooLarge);
    assert_eq!(joined(&events).len(), 1000);
}

#[tokio::test]
async fn tokens_are_told_when_they_change() {
    let tell = |script: Script, input| {
        let usage = TokenUsage::new().input(input);
        script.usage(usage).usage(usage)
    };
    let script = tell(tell(Script::new(), 7).text("a"), 8).finish();
    let events = capped(100, script).await;
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            TurnEvent::Usage(usage) => usage.input_tokens.map(TokenCount::get),
            _ => None,
        })
        .collect();
    assert_eq!(told, [7, 8]);
}

/// The drop of a provider's stream may block its thread, and the text that had come must not be
/// late because of it.
#[tokio::test]
async fn the_last_text_and_tokens_are_told_before_the_stream_is_dropped() {
    let tokens = TokenUsage::new().input(7).output(5);
    let end =
        ScriptedProvider::new().script(Script::new().finish_with(StopReason::EndTurn, tokens));
    let mut turn = support::turn(&end, once());
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().await, Some(TurnEvent::Usage(tokens)));
    assert_eq!(end.live(), 1);
    let completed = TurnEvent::Completed { stop_reason: StopReason::EndTurn, usage: tokens };
    assert_eq!((turn.next().await, end.live()), (Some(completed), 0));

    let flood = ScriptedProvider::new().script(Script::new().text("abc").finish());
    let mut turn = support::turn(&flood, once().max_output_bytes(2));
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().await, Some(TurnEvent::TextDelta("ab".into())));
    assert_eq!(flood.live(), 1);
    assert!(turn.next().await.is_some_and(|event| event.is_terminal()));
}

/// A stream that is silent until after the first deadline, and tells tokens then.
#[tokio::test(start_paused = true)]
async fn tokens_that_come_too_late_are_told_before_the_stream_is_dropped() {
    let tokens = TokenUsage::new().input(7).output(5);
    let wait = Duration::from_secs(1);
    let late = ScriptedProvider::new().script(Script::new().delay(wait).usage(tokens).hang());
    let deadlines = Deadlines::default().first_event(wait);
    let mut turn = support::turn(&late, once().deadlines(deadlines));
    assert_eq!(turn.next().await, Some(TurnEvent::Started));
    assert_eq!(turn.next().await, Some(TurnEvent::Usage(tokens)));
    assert_eq!(late.live(), 1);
    match turn.next().await {
        Some(TurnEvent::Failed { error, usage }) => {
            assert_eq!((error.kind, usage), (ErrorKind::Timeout, tokens));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(late.live(), 0);
}
