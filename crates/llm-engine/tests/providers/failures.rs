//! Every failure that a provider tells, by status, body or in the middle of an answer.

use std::time::{Duration, Instant};

use llm_engine::{ErrorKind, ProviderError, providers::ProviderKind};
use mock_provider::{
    MockProvider, Reply,
    answers::{CHAT, CHAT_HEL},
};

use crate::support::{KEY, outcome, policy};

const JSON_400: &str =
    r#"{"error":{"code":400,"message":"raw-body","type":"invalid_request_error"}}"#;
const CONTEXT: &str = r#"{"error":{"code":400,"message":"raw-body","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":2048}}"#;
const QUOTA: &str = r#"{"error":{"message":"raw-body","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
const LIMIT: &str = r#"{"error":{"message":"raw-body","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;

#[tokio::test]
async fn statuses_and_bodies_are_classified() {
    use ErrorKind::*;
    let key = format!(
        r#"{{"error":{{"message":"raw-body {KEY}","type":"invalid_request_error","code":"invalid_api_key"}}}}"#
    );
    let table: &[(&str, &str, ErrorKind)] = &[
        ("401 Unauthorized", &key, Authentication),
        (
            "401 Unauthorized",
            r#"{"error":{"message":"raw-body","type":"invalid_request_error","code":null}}"#,
            Authentication,
        ),
        ("403 Forbidden", "", PermissionDenied),
        ("404 Not Found", r#"{"error":{"message":"raw-body","code":"model_not_found"}}"#, NotFound),
        ("404 Not Found", r#"{"error":"model 'raw-body' not found"}"#, NotFound),
        ("405 Method Not Allowed", "<html>raw-body", NotFound),
        ("400 Bad Request", JSON_400, InvalidRequest),
        ("422 Unprocessable", r#"{"detail":[{"msg":"raw-body"}]}"#, InvalidRequest),
        ("400 Bad Request", CONTEXT, ContextLengthExceeded),
        (
            "400 Bad Request",
            r#"{"error":{"message":"raw-body","code":"context_length_exceeded"}}"#,
            ContextLengthExceeded,
        ),
        (
            "400 Bad Request",
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. raw-body","type":"BadRequestError","code":400}"#,
            ContextLengthExceeded,
        ),
        (
            "400 Bad Request",
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
            ContextLengthExceeded,
        ),
        ("413 Too Large", "", ContextLengthExceeded),
        ("402 Payment Required", "", QuotaExceeded),
        ("429 Too Many Requests", QUOTA, QuotaExceeded),
        (
            "400 Bad Request",
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            QuotaExceeded,
        ),
        ("429 Too Many Requests", LIMIT, RateLimited),
        ("429 Too Many Requests", "raw-body", RateLimited),
        (
            "503 Service Unavailable",
            r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#,
            Overloaded,
        ),
        (
            "529 Overloaded",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"raw-body"}}"#,
            Overloaded,
        ),
        ("500 Internal Server Error", "raw-body", Server),
        (
            "500 Internal Server Error",
            r#"{"error":{"message":"no context length is known"}}"#,
            Server,
        ),
        ("502 Bad Gateway", "<html>raw-body", Server),
        ("409 Conflict", "", Server),
        ("408 Request Timeout", "", Timeout),
        ("504 Gateway Timeout", "", Timeout),
        ("307 Temporary Redirect", "", Protocol),
        ("418 I'm a teapot", "raw-body", InvalidRequest),
    ];
    for (status, body, kind) in table {
        let outcome = outcome(ProviderKind::OpenAi, Reply::json(status, &[], body), policy()).await;
        let error = outcome.result.unwrap_err();
        assert_eq!(error.kind, *kind, "{status} {body}");
        assert_eq!(error.retryable, kind.is_transient(), "{status} {body}");
        assert!(error.message.contains(&status[..3]), "{error}");
        assert!(error.message.contains("; "), "it says what to do: {error}");
    }
}

#[tokio::test]
async fn waits_are_told() {
    for (headers, body, expected) in [
        (&["retry-after: 7"][..], "", Some(7000)),
        (&["Retry-After: 7", "Retry-After-Ms: 1500"], "", Some(1500)),
        (&["retry-after: Sun, 06 Nov 1994 08:49:37 GMT"], "", Some(0)),
        (&["retry-after: soon"], "", None),
        (&[], "", None),
        (
            &[],
            r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"reason":"X"},{"retryDelay":"2.5s"}]}}"#,
            Some(2500),
        ),
        (&[], r#"{"error":{"message":"Please try again in 1m3.2s."}}"#, Some(63_200)),
        (&["retry-after: 7"], r#"{"error":{"message":"Please try again in 20ms."}}"#, Some(7000)),
        (
            &["x-ratelimit-reset-requests: 8.64s", "x-ratelimit-remaining-requests: 0"],
            "",
            Some(8640),
        ),
        (&["x-ratelimit-reset-requests: 8.64s", "x-ratelimit-remaining-requests: 3"], "", None),
    ] {
        let reply = Reply::json("429 Too Many Requests", headers, body);
        let error = outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited);
        assert_eq!(error.retry_after, expected.map(Duration::from_millis), "{headers:?} {body}");
    }
}

#[tokio::test]
async fn a_provider_can_say_whether_to_try_again() {
    for (status, header, retryable) in [
        ("429 X", "x-should-retry: false", false),
        ("500 X", "x-should-retry: false", false),
        ("400 X", "x-should-retry: true", true),
        ("429 X", "x-should-retry: perhaps", true),
        ("400 X", "x-should-retry: perhaps", false),
    ] {
        let reply = Reply::json(status, &[header], "");
        let error = outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err();
        assert_eq!(error.retryable, retryable, "{status} {header}");
        assert_eq!(error.message.contains("not to try again"), header.ends_with("false"));
    }
}

#[tokio::test]
async fn the_words_of_the_provider_stand_beside_ours() {
    let id = ["x-request-id: req_1"];
    let error = r#"{"error":{"message":"raw-body","type":"t","code":"c"},"request_id":"req_2"}"#;
    let all = ProviderError::new().message("raw-body").error_type("t").code("c");
    let in_stream = ProviderError::new().message("raw-body").code("c");
    let stream = Reply::events(&[CHAT_HEL, r#"{"error":{"message":"raw-body","code":"c"}}"#]);
    let page = "<html><title>raw-body</title>";
    for (reply, said) in [
        (Reply::json("400 X", &id, error), all.clone().status(400).request_id("req_1")),
        (Reply::json("400 X", &[], error), all.clone().status(400).request_id("req_2")),
        (
            Reply::json("400 X", &["cf-ray: ray"], error),
            all.clone().status(400).request_id("req_2"),
        ),
        (
            Reply::json("502 X", &["cf-ray: ray"], ""),
            ProviderError::new().status(502).request_id("ray"),
        ),
        (Reply::json("200 X", &id, error), all.request_id("req_1")),
        (
            Reply::json("502 X", &id, page),
            ProviderError::new().status(502).message("raw-body").request_id("req_1"),
        ),
        (Reply::json("502 X", &[], ""), ProviderError::new().status(502)),
        (
            Reply::status("200 X", &["content-type: text/html"]).raw(page),
            ProviderError::new().status(200).message("raw-body"),
        ),
        (stream.end(), in_stream),
        (Reply::events(&[CHAT_HEL]), ProviderError::new()),
    ] {
        let error = outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err();
        assert_eq!(error.provider.map(|it| *it).unwrap_or_default(), said, "{}", error.message);
    }
}

#[tokio::test]
async fn what_can_be_shown_is_shown() {
    for (status, body, part) in [
        ("400 Bad Request", CONTEXT, "5000 tokens, of 2048 that fit"),
        (
            "400 Bad Request",
            r#"{"error":{"message":"raw-body","param":"temperature"}}"#,
            "field temperature",
        ),
        ("429 Too Many Requests", r#"{"error":{"details":[{"retryDelay":"3s"}]}}"#, "wait 3s"),
    ] {
        let reply = Reply::json(status, &[], body);
        let error = outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err();
        assert!(error.message.contains(part), "{error}");
    }
    let reply = Reply::json("400 Bad Request", &[], r#"{"error":{"param":"raw-body"}}"#);
    outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err();
}

#[tokio::test]
async fn successes_that_are_none_are_told() {
    let html = ["content-type: text/html"];
    let page = Reply::status("200 OK", &html).raw("<html>raw-body</html>");
    let plain = Reply::status("200 OK", &["content-type: text/plain"]);
    for (name, reply, kind) in [
        ("a page", page, ErrorKind::Protocol),
        ("another type", plain.raw("data: [DONE]\n\n"), ErrorKind::Protocol),
        ("JSON", Reply::json("200 OK", &[], r#"{"id":"raw-body"}"#), ErrorKind::Protocol),
        ("JSON cut", Reply::json("200 OK", &[], r#"{"id":"#), ErrorKind::Protocol),
        ("an error", Reply::json("200 OK", &[], QUOTA), ErrorKind::QuotaExceeded),
        (
            "an error with a number",
            Reply::json("200 OK", &[], CONTEXT),
            ErrorKind::ContextLengthExceeded,
        ),
        ("nothing", Reply::status("204 No Content", &[]), ErrorKind::Protocol),
    ] {
        let outcome = outcome(ProviderKind::OpenAi, reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{name}");
    }
}

#[tokio::test]
async fn errors_in_the_middle_of_an_answer_are_classified() {
    use ErrorKind::*;
    for (data, kind) in [
        (r#"{"error":{"message":"raw-body","type":"server_error","code":null}}"#, Server),
        (r#"{"error":{"message":"raw-body","type":"overloaded_error"}}"#, Overloaded),
        (
            r#"{"error":{"message":"raw-body","code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            Server,
        ),
        (r#"{"error":{"message":"raw-body","code":"rate_limit_exceeded"}}"#, RateLimited),
        (
            r#"{"error":{"message":"Context size has been exceeded.","code":500,"type":"server_error"}}"#,
            ContextLengthExceeded,
        ),
        (
            r#"{"error":{"message":"the request exceeds the available context size","code":400}}"#,
            ContextLengthExceeded,
        ),
        (r#"{"error":{"message":"raw-body","type":"invalid_request_error"}}"#, InvalidRequest),
        (r#"{"error":"raw-body"}"#, Server),
    ] {
        let reply = Reply::events(&[CHAT_HEL, data, CHAT_HEL]).end();
        let outcome = outcome(ProviderKind::OpenAi, reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{data}");
        assert_eq!(outcome.text, "Hel", "{data}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_hides_no_status() {
    let flood = Reply::status("401 Unauthorized", &["transfer-encoding: chunked"])
        .flood("raw-body".repeat(10_000), Duration::ZERO);
    let silence = Reply::status("401 Unauthorized", &["content-length: 9"]).hang();
    // More than enough of the flood is there at once; the silence is waited for.
    for (reply, waits) in [(flood, false), (silence, true)] {
        let began = Instant::now();
        let outcome = outcome(ProviderKind::OpenAi, reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Authentication);
        assert_eq!(began.elapsed() >= Duration::from_secs(2), waits);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let location = format!("location: {}/v1/chat/completions", elsewhere.origin());
    let reply = Reply::status("307 Temporary Redirect", &[&location]);
    let outcome = outcome(ProviderKind::OpenAi, reply, policy()).await;
    assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Protocol);
    assert!(elsewhere.requests().is_empty());
}
