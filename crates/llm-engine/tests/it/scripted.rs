//! What the scripted provider tells a test that uses it.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{
    Block, BlockCollector, ErrorKind, ModelCall, Policy, Provider, ProviderEvent, Script,
    ScriptedProvider, TurnEvent,
};
use tokio::time::Instant;

use crate::support::{asking, failure, joined, once, overloaded, run, stop_reason};

#[tokio::test]
async fn each_call_has_its_script_and_the_last_repeats() {
    let provider = ScriptedProvider::new()
        .script(Script::new().text("one").finish())
        .script(Script::new().text("two").finish());
    for expected in ["one", "two", "two"] {
        assert_eq!(joined(&run(&provider, once()).await), expected);
    }
    assert_eq!(provider.calls(), 3);
    assert_eq!(*provider.requests()[2], asking("hello"));
}

#[tokio::test]
async fn as_many_requests_are_kept_as_was_asked_for() {
    let provider = ScriptedProvider::answer("hi").keeping(2);
    for _ in 0..5 {
        run(&provider, once()).await;
    }
    assert_eq!((provider.calls(), provider.requests().len()), (5, 2));
    let provider = ScriptedProvider::answer("hi").keeping(0);
    run(&provider, once()).await;
    assert_eq!((provider.calls(), provider.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_closure_is_a_provider() {
    let provider = llm_engine::provider_fn("shouting", |request| {
        let last = request.messages.last().map(|message| message.text.to_uppercase());
        futures_util::stream::iter([
            Ok(ProviderEvent::TextDelta(last.unwrap_or_default())),
            Ok(ProviderEvent::Finished {
                stop_reason: llm_engine::StopReason::EndTurn,
                usage: llm_engine::TokenUsage::default(),
            }),
        ])
    });
    assert_eq!(joined(&run(&provider, once()).await), "HELLO");
    assert_eq!(provider.name(), "shouting");
}

#[tokio::test(start_paused = true)]
async fn the_shortcuts_do_what_they_say() {
    assert_eq!(joined(&run(&ScriptedProvider::answer("hi"), once()).await), "hi");
    assert_eq!(
        *failure(&run(&ScriptedProvider::failing(overloaded()), once()).await),
        overloaded()
    );
    let hung = run(&ScriptedProvider::hanging(), once()).await;
    assert_eq!(failure(&hung).kind, ErrorKind::Timeout);
    let nothing = run(&ScriptedProvider::new(), Policy::default()).await;
    assert_eq!(failure(&nothing).kind, ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn delays_add_up() {
    let wait = Duration::from_secs(2);
    let script = Script::new().delay(wait).text("a").delay(wait).delay(wait).finish();
    let began = Instant::now();
    stop_reason(&run(&ScriptedProvider::new().script(script), once()).await);
    let waited = began.elapsed();
    assert!(waited >= 3 * wait && waited < 3 * wait + Duration::from_millis(10), "{waited:?}");
}

#[tokio::test]
async fn calls_are_counted_by_the_script() {
    let named = ModelCall { id: Some("call-1".into()), ..ModelCall::new("b", "{}") };
    let script = Script::new().call("a", "").text("and").model_call(named.clone()).finish();
    let events = run(&ScriptedProvider::new().script(script), once()).await;
    let mut blocks = BlockCollector::default();
    for event in &events {
        blocks.take(event);
    }
    let a = Block::Call(ModelCall::new("a", ""));
    assert_eq!(blocks.finish(), [a, Block::Text("and".into()), Block::Call(named)]);
    let index = |event: &TurnEvent| match event {
        TurnEvent::CallComplete { index, .. } => Some(*index),
        _ => None,
    };
    assert_eq!(events.iter().filter_map(index).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn blocking_holds_the_thread() {
    let wait = Duration::from_millis(30);
    let began = std::time::Instant::now();
    let script = Script::new().block(wait).finish();
    stop_reason(&run(&ScriptedProvider::new().script(script), once()).await);
    assert!(began.elapsed() >= wait);
}

#[tokio::test]
async fn steps_after_the_end_come_to_whoever_polls_on() {
    let script = Script::new().finish().text("after").end_early().heartbeat();
    let provider = ScriptedProvider::new().script(script);
    let mut stream = provider.stream(Arc::new(asking("hi")));
    assert!(matches!(stream.next().await, Some(Ok(ProviderEvent::Finished { .. }))));
    assert_eq!(stream.next().await, Some(Ok(ProviderEvent::TextDelta("after".into()))));
    assert_eq!(stream.next().await, None);
    assert_eq!(stream.next().await, Some(Ok(ProviderEvent::Heartbeat)));
    assert_eq!(provider.live(), 1);
    drop(stream);
    assert_eq!((provider.live(), provider.dropped_early()), (0, 0));
}
