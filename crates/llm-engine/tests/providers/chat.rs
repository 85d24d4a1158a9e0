//! Chat completions, in one table: what a server does, and what comes of it.

use std::time::Duration;

use llm_engine::{ErrorKind, Policy, StopReason, TokenUsage, providers::ProviderKind};
use mock_provider::{
    Reply,
    answers::{CHAT, CHAT_HEL, CHAT_LO, CHAT_ROLE, CHAT_STOP, CHAT_USAGE},
};

use crate::support::{Outcome, counted, impatient, outcome, policy};

const INVALID: &str = r#"{"choices": raw-body"#;

async fn chat(reply: Reply, policy: Policy) -> Outcome {
    outcome(ProviderKind::OpenAi, reply, policy).await
}

#[tokio::test]
async fn whole_answers_complete() {
    let crlf: String = CHAT.map(|data| format!("data:{data}\r\n\r\n")).concat();
    let whole = CHAT.map(|data| format!("data: {data}\n\n")).concat();
    let bytes = whole.replace("Hel", "H\u{e9}\u{1f600}");
    let bytewise = bytes.as_bytes().iter();
    let table = [
        ("a whole one", Reply::events(&CHAT).end(), "Hello"),
        ("in one piece", Reply::stream("text/event-stream").chunk(&whole).end(), "Hello"),
        ("with CRLF", Reply::stream("text/event-stream; charset=utf-8").chunk(crlf).end(), "Hello"),
        (
            "split in the middle of characters",
            bytewise
                .fold(Reply::stream("Text/Event-Stream"), |reply, byte| reply.chunk([*byte]))
                .end(),
            "H\u{e9}\u{1f600}lo",
        ),
        (
            "with comments and other fields",
            {
                let noise = ": ping\n\nevent: message\nid: 7\nretry: 10\n\n\n";
                Reply::stream("text/event-stream").chunk(noise).chunk(whole.as_bytes()).end()
            },
            "Hello",
        ),
        (
            "over several data lines",
            {
                let data = CHAT_HEL.replace(":[", ":[\ndata: ");
                let reply = Reply::events(&[CHAT_ROLE, &data, CHAT_LO, CHAT_STOP, CHAT_USAGE]);
                reply.event("[DONE]").end()
            },
            "Hello",
        ),
        (
            "without a content type",
            {
                let head = Reply::status("200 OK", &[]);
                head.raw(whole.as_bytes())
            },
            "Hello",
        ),
        ("without [DONE]", Reply::events(&CHAT[..5]).end(), "Hello"),
        ("without [DONE], cut", Reply::events(&CHAT[..5]), "Hello"),
        ("without [DONE], held open", Reply::events(&CHAT[..5]).hang(), "Hello"),
        (
            "without the last line's end",
            {
                let cut = whole.replace("\n\ndata: [DONE]\n\n", "");
                Reply::stream("text/event-stream").chunk(cut).end()
            },
            "Hello",
        ),
    ];
    for (name, reply, text) in table {
        let outcome = chat(reply, policy()).await;
        assert_eq!(outcome.result, Ok(StopReason::EndTurn), "{name}");
        assert_eq!(outcome.text, text, "{name}");
        assert_eq!(outcome.usage, counted(Some(3)), "{name}");
    }
}

#[tokio::test]
async fn broken_answers_fail_and_keep_their_text() {
    let started = || Reply::events(&[CHAT_ROLE, CHAT_HEL]);
    let silent = || Reply::stream("text/event-stream");
    let table = [
        ("cut", started(), ErrorKind::Interrupted, "Hel"),
        ("cut before any text", Reply::events(&[CHAT_ROLE]), ErrorKind::Connection, ""),
        ("cut after the head", silent(), ErrorKind::Connection, ""),
        ("cut in the head", Reply::default().raw("HTTP/1.1 200 OK\r\n"), ErrorKind::Connection, ""),
        ("closed at once", Reply::default(), ErrorKind::Connection, ""),
        ("reset", started().wait(Duration::from_millis(50)).reset(), ErrorKind::Interrupted, "Hel"),
        ("an early end", started().end(), ErrorKind::Interrupted, "Hel"),
        (
            "an early end in a part",
            started().chunk("data: {\"ch").end(),
            ErrorKind::Interrupted,
            "Hel",
        ),
        ("an early end before text", Reply::events(&[CHAT_ROLE]).end(), ErrorKind::Interrupted, ""),
        ("[DONE] without a reason", started().event("[DONE]").end(), ErrorKind::Interrupted, "Hel"),
        ("no part", silent().end(), ErrorKind::Protocol, ""),
        ("only comments", silent().chunk(": ping\n\n").end(), ErrorKind::Protocol, ""),
        ("malformed", started().event(INVALID).event(CHAT_LO).end(), ErrorKind::Protocol, "Hel"),
        ("of another form", started().event(r#"{"choices":7}"#).end(), ErrorKind::Protocol, "Hel"),
        ("not UTF-8", started().chunk(b"data: \xff\xfe\n\n").end(), ErrorKind::Protocol, "Hel"),
        ("not HTTP", Reply::default().raw("raw-body raw-body\r\n\r\n"), ErrorKind::Connection, ""),
    ];
    for (name, reply, kind, text) in table {
        let outcome = chat(reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{name}");
        assert_eq!(outcome.text, text, "{name}");
    }
}

#[tokio::test]
async fn answers_that_stop_coming_time_out() {
    let started = || Reply::events(&[CHAT_ROLE, CHAT_HEL]);
    let silent = || Reply::stream("text/event-stream");
    let often = Duration::from_millis(20);
    let table = [
        ("no head", Reply::default().hang(), ""),
        ("silence", silent().hang(), ""),
        ("silence after text", started().hang(), "Hel"),
        ("pings", silent().flood(": ping\n\n", often), ""),
        ("pings after text", started().flood(": ping\n\n", often), "Hel"),
        ("blank lines without a pause", started().flood("\n".repeat(4096), Duration::ZERO), "Hel"),
        ("empty deltas", started().flood(format!("data: {CHAT_ROLE}\n\n"), often), "Hel"),
        ("a line without an end", started().flood("data", often), "Hel"),
        ("an event without an end", started().flood("data: 1\n", often), "Hel"),
    ];
    for (name, reply, text) in table {
        let outcome = chat(reply, impatient()).await;
        assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Timeout, "{name}");
        assert_eq!(outcome.text, text, "{name}");
    }
}

#[tokio::test]
async fn a_part_that_never_ends_is_cut_off() {
    for bytes in ["x".repeat(1 << 20), format!("data: {}\n", "x".repeat(1 << 20))] {
        let reply = Reply::events(&[CHAT_HEL]).flood(bytes, Duration::ZERO);
        let outcome = chat(reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::TooLarge);
        assert_eq!(outcome.text, "Hel");
    }
}

#[tokio::test]
async fn why_the_model_stopped_is_told() {
    for (reason, expected) in [
        ("stop", StopReason::EndTurn),
        ("length", StopReason::MaxTokens),
        ("content_filter", StopReason::ContentFilter),
        ("tool_calls", StopReason::ToolCall),
        ("new_reason", StopReason::Other),
    ] {
        let stop = CHAT_STOP.replace("stop\"}", &format!("{reason}\"}}"));
        let reply = Reply::events(&[CHAT_HEL, &stop, "[DONE]"]).end();
        assert_eq!(chat(reply, policy()).await.result, Ok(expected), "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_is_text_and_a_reason() {
    let refusal = r#"{"choices":[{"delta":{"refusal":"No."}}]}"#;
    let outcome = chat(Reply::events(&[refusal, CHAT_STOP, "[DONE]"]).end(), policy()).await;
    assert_eq!((outcome.text.as_str(), outcome.result), ("No.", Ok(StopReason::Refusal)));
}

#[tokio::test]
async fn reasoning_is_told_apart() {
    for field in ["reasoning_content", "reasoning"] {
        let reasoning = format!(r#"{{"choices":[{{"delta":{{"{field}":"hm"}}}}]}}"#);
        let reply = Reply::events(&[&reasoning, CHAT_HEL, CHAT_STOP, "[DONE]"]).end();
        let outcome = chat(reply, policy()).await;
        assert_eq!((outcome.reasoning.as_str(), outcome.text.as_str()), ("hm", "Hel"), "{field}");
    }
}

#[tokio::test]
async fn tokens_are_kept_when_an_answer_breaks() {
    let reply = Reply::events(&[CHAT_HEL, CHAT_USAGE]).hang();
    let outcome = chat(reply, impatient()).await;
    assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Timeout);
    assert_eq!(outcome.usage, counted(Some(3)));
}

#[tokio::test]
async fn zero_is_not_the_same_as_untold() {
    let zero = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":null}}"#;
    let outcome = chat(Reply::events(&[CHAT_STOP, zero, "[DONE]"]).end(), policy()).await;
    let usage = outcome.usage;
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(7.into()), Some(0.into())));
    assert_eq!((usage.output_tokens, usage.reasoning_tokens), (Some(0.into()), None));

    let odd = r#"{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":"many"}}"#;
    let outcome = chat(Reply::events(&[CHAT_STOP, odd, "[DONE]"]).end(), policy()).await;
    assert_eq!(outcome.result, Ok(StopReason::EndTurn));
    assert_eq!(outcome.usage, TokenUsage::default());
}
