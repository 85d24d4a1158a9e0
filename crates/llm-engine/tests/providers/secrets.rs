//! Keys and bodies are in no `Debug` and no log.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use llm_engine::providers::ProviderKind;
use mock_provider::{MockProvider, Reply, answers::CHAT_HEL};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::support::{BODY, KEY, config, drain, policy, turn};

/// Writes down everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_secret_is_logged() {
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    with_default(log.clone(), || {
        runtime.block_on(async {
            let denied = format!(r#"{{"error":{{"message":"{BODY} {KEY}"}}}}"#);
            let part = CHAT_HEL.replace("Hel", BODY);
            let broken = format!("{{{BODY}");
            for reply in [
                Reply::json("401 X", &[], &denied),
                Reply::events(&[&part, &denied]).end(),
                Reply::events(&[&part, &broken]).end(),
                Reply::status("200 OK", &["content-type: text/html"]).raw(BODY),
                Reply::default().raw(BODY),
            ] {
                let mock = MockProvider::serve([reply]).await;
                let config = config(ProviderKind::OpenAi, &mock);
                let base_url = format!("{}/v1?key={KEY}", mock.origin());
                let provider = config.base_url(base_url).build().unwrap();
                drain(turn(provider, policy())).await.result.unwrap_err();
            }
            tracing::debug!("the log is on");
        });
    });
    let log = log.0.lock().unwrap();
    assert!(log.contains("the log is on"));
    assert!(!log.contains(KEY) && !log.contains(BODY), "{log}");
}

#[tokio::test]
async fn a_config_shows_no_secret() {
    let mock = MockProvider::serve([Reply::default()]).await;
    let config = config(ProviderKind::Anthropic, &mock).header("x-a", KEY);
    assert!(!format!("{config:?}").contains(KEY));
}

#[tokio::test]
async fn a_provider_that_repeats_a_secret_is_not_quoted() {
    let (token, cookie) = ("token-of-a-gateway-42", "session=abcdefgh12345678");
    let part = &KEY[..KEY.len() - 6];
    let stream = format!(r#"{{"error":{{"message":"in a stream: {KEY}","code":"{KEY}"}}}}"#);
    for reply in [
        Reply::json(
            "401 X",
            &[&format!("x-request-id: {KEY}")],
            &format!(
                r#"{{"error":{{"message":"{KEY} {part}***456 Bearer {KEY}, {token} {cookie}","type":"{KEY}","code":"{token}"}}}}"#
            ),
        ),
        Reply::json("401 X", &[], &format!("<title>no {KEY} {part}… {token} {cookie}</title>")),
        Reply::events(&[CHAT_HEL, &stream]).end(),
    ] {
        let mock = MockProvider::serve([reply]).await;
        let config = config(ProviderKind::OpenAi, &mock);
        let config = config.header("x-token", token).header("cookie", cookie);
        let outcome = drain(turn(config.build().unwrap(), policy())).await;
        let said = format!("{:?}", outcome.result.unwrap_err());
        assert!(said.contains("[redacted]"), "{said}");
        for secret in [KEY, part, token, "abcdefgh"] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
    }
}
