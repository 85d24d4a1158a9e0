//! What is given out, and the cap on it.

use llm_engine::{ErrorKind, Script, ScriptedProvider, StopReason, TokenUsage, TurnEvent};

use crate::support::{failure, joined, once, run};

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
            TurnEvent::Usage(usage) => usage.input_tokens,
            _ => None,
        })
        .collect();
    assert_eq!(told, [7, 8]);
}
