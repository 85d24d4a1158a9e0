//! A provider that panics or ends early costs its own turn, which says so.

use llm_engine::{ErrorKind, Policy, ProviderEvent, Script, ScriptedProvider, TurnEvent};
use tokio_util::sync::CancellationToken;

use crate::support::{asking, drain, failure, joined, once, overloaded, run, stop_reason, turn};

async fn check_panic(script: Script, partial: &str) {
    let provider = ScriptedProvider::new().script(script);
    let events = run(&provider, Policy::default()).await;
    let error = failure(&events);
    assert_eq!(error.kind, ErrorKind::Panicked);
    assert!(!error.message.contains("scripted"), "what a panic says stays inside: {error}");
    assert!(!error.retryable);
    assert_eq!(joined(&events), partial);
    assert_eq!((provider.calls(), provider.live()), (1, 0));
}

#[tokio::test]
async fn a_panic_while_beginning_fails_the_turn() {
    check_panic(Script::new().panic_at_start(), "").await;
}

#[tokio::test]
async fn a_panic_while_streaming_fails_the_turn() {
    check_panic(Script::new().panic(), "").await;
    check_panic(Script::new().text("Hel").panic(), "Hel").await;
    check_panic(Script::new().text("Hel").panic().panic_in_drop(), "Hel").await;
}

#[tokio::test]
async fn a_panic_while_dropping_fails_the_turn() {
    check_panic(Script::new().text("Hello").finish().panic_in_drop(), "Hello").await;
    check_panic(Script::new().error(overloaded()).panic_in_drop(), "").await;
}

#[tokio::test]
async fn dropping_a_turn_never_panics() {
    use futures_util::StreamExt;
    let provider = ScriptedProvider::new().script(Script::new().text("a").hang().panic_in_drop());
    let mut turn = turn(&provider, once());
    turn.next().await;
    turn.next().await;
    assert_eq!(provider.live(), 1);
    drop(turn);
    assert_eq!((provider.live(), provider.dropped_early()), (0, 1));
}

#[tokio::test]
async fn a_panic_while_cancelling_is_told() {
    let provider = ScriptedProvider::new().script(Script::new().text("a").hang().panic_in_drop());
    let token = CancellationToken::new();
    let engine = llm_engine::Engine::new(std::sync::Arc::new(provider));
    let request = llm_engine::TurnRequest::from(asking("hi")).cancelled_by(token.clone());
    let turn = engine.turn(request);
    let (events, ()) = tokio::join!(drain(turn), async { token.cancel() });
    assert_eq!(failure(&events).kind, ErrorKind::Panicked);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_interrupted() {
    for script in [Script::new().text("Hel").end_early(), Script::new().reasoning("hm")] {
        let provider = ScriptedProvider::new().script(script);
        let events = run(&provider, Policy::default()).await;
        assert_eq!(failure(&events).kind, ErrorKind::Interrupted);
        assert_eq!(provider.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_without_output_is_retried_if_there_was_a_sign_of_life() {
    let provider = ScriptedProvider::new()
        .script(Script::new().heartbeat().end_early())
        .script(Script::new().text("hi").finish());
    assert_eq!(joined(&run(&provider, Policy::default()).await), "hi");
}

#[tokio::test]
async fn an_answer_without_anything_in_it_is_no_answer() {
    for script in [Script::new(), Script::new().event(ProviderEvent::Connected)] {
        let provider = ScriptedProvider::new().script(script);
        let events = run(&provider, Policy::default()).await;
        assert_eq!(failure(&events).kind, ErrorKind::Protocol);
        assert_eq!(provider.calls(), 1);
    }
}

#[tokio::test]
async fn nothing_after_the_end_is_read() {
    let after = |script: Script| script.text("more").error(overloaded()).finish().panic();
    let events = run(
        &ScriptedProvider::new().script(after(Script::new().text("Hi").finish())),
        Policy::default(),
    )
    .await;
    stop_reason(&events);
    assert_eq!(joined(&events), "Hi");
    let events =
        run(&ScriptedProvider::new().script(after(Script::new().error(overloaded()))), once())
            .await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(*failure(&events), overloaded());
    assert!(!events.iter().any(|event| matches!(event, TurnEvent::TextDelta(_))));
}
