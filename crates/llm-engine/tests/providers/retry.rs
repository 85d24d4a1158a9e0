//! What providers answer makes the engine try again, or not.

use std::time::Duration;

use llm_engine::{ErrorKind, RetryPolicy, StopReason, providers::ProviderKind};
use mock_provider::{
    MockProvider, Reply,
    answers::{CHAT, CHAT_HEL},
};

use crate::support::{Outcome, drain, policy, provider, turn};

async fn tried(replies: impl Into<Vec<Reply>>) -> (Outcome, usize) {
    let mock = MockProvider::serve(replies).await;
    let initial_delay = Duration::from_millis(5);
    let retry = RetryPolicy::default().initial_delay(initial_delay).max_retries(2);
    let policy = policy().retry(retry);
    let outcome = drain(turn(provider(ProviderKind::OpenAi, &mock), policy)).await;
    (outcome, mock.requests().len())
}

#[tokio::test]
async fn a_server_that_is_still_loading_is_waited_for() {
    let loading = r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#;
    let loading = Reply::json("503 X", &[], loading);
    let (outcome, calls) = tried([loading.clone(), loading, Reply::events(&CHAT).end()]).await;
    assert_eq!(outcome.result, Ok(StopReason::EndTurn));
    assert_eq!((outcome.text.as_str(), outcome.retries.len(), calls), ("Hello", 2, 3));
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_kept() {
    let limited = Reply::json("429 X", &["retry-after-ms: 40"], "");
    let (outcome, calls) = tried([limited, Reply::events(&CHAT).end()]).await;
    assert_eq!(outcome.retries, [Duration::from_millis(40)]);
    assert_eq!((outcome.text.as_str(), calls), ("Hello", 2));
}

#[tokio::test]
async fn a_connection_that_breaks_before_text_is_tried_again() {
    for broken in [Reply::default(), Reply::events(&[]), Reply::default().reset()] {
        let (outcome, calls) = tried([broken, Reply::events(&CHAT).end()]).await;
        assert_eq!((outcome.text.as_str(), calls), ("Hello", 2));
    }
}

#[tokio::test]
async fn what_will_not_change_is_not_tried_again() {
    for (reply, kind) in [
        (Reply::json("401 X", &[], ""), ErrorKind::Authentication),
        (
            Reply::json("429 X", &[], r#"{"error":{"code":"insufficient_quota"}}"#),
            ErrorKind::QuotaExceeded,
        ),
        (Reply::json("429 X", &["retry-after: 3600"], ""), ErrorKind::RateLimited),
        (Reply::events(&[CHAT_HEL]), ErrorKind::Interrupted),
    ] {
        let (outcome, calls) = tried([reply]).await;
        assert_eq!((outcome.result.unwrap_err().kind, calls), (kind, 1));
    }
}

#[tokio::test]
async fn nobody_there_is_said() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/v1", listener.local_addr().unwrap())
    };
    let config = llm_engine::providers::ProviderConfig::new(ProviderKind::OpenAi).base_url(&gone);
    let error = drain(turn(config.build().unwrap(), policy())).await.result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    let origin = gone.trim_end_matches("/v1");
    assert!(error.message.starts_with(&format!("could not connect to {origin} (")), "{error}");
}
