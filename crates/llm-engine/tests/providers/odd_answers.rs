//! A good answer is never lost over something beside it.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use llm_engine::{
    ErrorKind, StopReason,
    providers::{Compatibility, ProviderKind},
};
use mock_provider::{
    MockProvider, Reply,
    answers::{ANTHROPIC, CHAT, CHAT_HEL, CHAT_LO, CHAT_STOP, GEMINI, OLLAMA, RESPONSES},
};

use crate::support::{Outcome, config, counted, drain, outcome, policy, turn};

async fn chat(reply: Reply) -> Outcome {
    outcome(ProviderKind::OpenAi, reply, policy()).await
}

fn check(name: &str, outcome: &Outcome, text: &str, reasoning: &str) {
    assert_eq!(outcome.result, Ok(StopReason::EndTurn), "{name}");
    assert_eq!((&*outcome.text, &*outcome.reasoning), (text, reasoning), "{name}");
}

/// An event of chat completions with this delta.
fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

#[tokio::test]
async fn content_and_reasoning_have_many_forms() {
    for (name, odd, reasoning) in [
        (
            "parts",
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"Hel"}]}"#,
            "hm",
        ),
        ("text parts", r#"{"content":[{"type":"text","text":"Hel"}]}"#, ""),
        ("one part", r#"{"content":{"type":"text","text":"Hel"}}"#, ""),
        ("reasoning in parts", r#"{"content":"Hel","reasoning":[{"text":"hm"}]}"#, "hm"),
        ("reasoning as an object", r#"{"content":"Hel","reasoning":{"content":"hm"}}"#, "hm"),
        ("another name", r#"{"content":"Hel","reasoning_text":"hm"}"#, "hm"),
        (
            "two names",
            r#"{"content":"Hel","reasoning_content":"","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}"#,
            "hm",
        ),
        ("only details", r#"{"content":"Hel","reasoning_details":[{"text":"hm"}]}"#, "hm"),
        ("fields of odd types", r#"{"content":"Hel","reasoning":7,"refusal":false,"role":[]}"#, ""),
    ] {
        let reply = Reply::events(&[&delta(odd), CHAT_LO, CHAT_STOP, "[DONE]"]).end();
        check(name, &chat(reply).await, "Hello", reasoning);
    }
}

#[tokio::test]
async fn reasoning_between_tags_is_told_apart_unless_the_switch_is_off() {
    let pieces = ["\\n<thi", "nk>h", "m</think>\\n\\nHel"];
    let pieces = pieces.map(|piece| delta(&format!(r#"{{"content":"{piece}"}}"#)));
    let parts = [&*pieces[0], &pieces[1], &pieces[2], CHAT_LO, CHAT_STOP, "[DONE]"];
    check("tags", &chat(Reply::events(&parts).end()).await, "Hello", "hm");
    check(
        "cut",
        &chat(Reply::events(&[&delta(r#"{"content":"<thin"}"#), CHAT_STOP]).end()).await,
        "<thin",
        "",
    );

    let mock = MockProvider::serve([Reply::events(&parts).end()]).await;
    let config = config(ProviderKind::OpenAi, &mock);
    let off = config.compatibility(Compatibility::new().think_tags(false)).build().unwrap();
    check("off", &drain(turn(off, policy())).await, "\n<think>hm</think>\n\nHello", "");
}

#[tokio::test]
async fn a_delta_or_a_reason_of_an_odd_type_costs_nothing() {
    for (name, stop) in [
        ("an object", r#"{"choices":[{"delta":[],"finish_reason":{"type":"stop"}}]}"#),
        ("a number", r#"{"choices":[{"delta":"x","finish_reason":3}]}"#),
    ] {
        let outcome = chat(Reply::events(&[CHAT_HEL, stop, "[DONE]"]).end()).await;
        let reason = if name == "a number" { StopReason::Other } else { StopReason::EndTurn };
        assert_eq!((&*outcome.text, outcome.result), ("Hel", Ok(reason)), "{name}");
    }
    let unspecified =
        GEMINI[1].replace(r#""index":0"#, r#""finishReason":"FINISH_REASON_UNSPECIFIED""#);
    let reply = Reply::events(&[GEMINI[0], &unspecified]).end();
    let outcome = outcome(ProviderKind::Gemini, reply, policy()).await;
    assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Interrupted);
}

#[tokio::test]
async fn a_message_beside_a_delta_and_other_choices_are_passed_over() {
    let whole =
        r#"{"choices":[{"index":0,"delta":{"content":"lo"},"message":{"content":"Hello"}}]}"#;
    let other = r#"{"choices":[{"index":1,"delta":{"content":"XX"}}]}"#;
    let only = r#"{"choices":[{"index":0,"message":{"content":"lo"}}]}"#;
    for parts in [
        &[CHAT_HEL, whole, CHAT_STOP, "[DONE]"][..],
        &[CHAT_HEL, other, CHAT_LO, CHAT_STOP, "[DONE]"],
        &[CHAT_HEL, only, CHAT_STOP, "[DONE]"],
    ] {
        let outcome = chat(Reply::events(parts).end()).await;
        check(parts[1], &outcome, "Hello", "");
    }
}

#[tokio::test]
async fn half_a_character_costs_no_more_than_itself() {
    for (first, second, text) in [
        (r#"{"content":"a\ud83d"}"#, r#"{"content":"\ude00b"}"#, "a\u{fffd}\u{fffd}b"),
        (r#"{"content":"a\ud83db"}"#, r#"{"content":"\ud83d\ude00"}"#, "a\u{fffd}b\u{1f600}"),
    ] {
        let reply = Reply::events(&[&delta(first), &delta(second), CHAT_STOP, "[DONE]"]).end();
        check(first, &chat(reply).await, text, "");
    }
    let bytes = [&b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xff\"}}]}\n\n"[..]].concat();
    let reply = Reply::stream("text/event-stream").chunk(bytes).event(CHAT_STOP).end();
    check("a byte that is no text", &chat(reply).await, "a\u{fffd}", "");
}

#[tokio::test]
async fn what_keeps_a_connection_alive_is_passed_over() {
    let whole = CHAT.map(|data| format!("data: {data}\n\n")).concat();
    for noise in
        ["data:\n\n", "data: \n\n", "data: null\n\n", "data: {}\n\n", "data: ping\n\n", "x\n\n"]
    {
        let reply = Reply::stream("text/event-stream").chunk(noise).chunk(&whole).end();
        check(noise, &chat(reply).await, "Hello", "");
    }
    let joined = CHAT.map(|data| format!("data: {data}\n")).concat();
    let indented = CHAT.map(|data| format!("  data: {data}\n\n")).concat();
    let returns = whole.replace('\n', "\r");
    for (name, events) in [("no blank lines", joined), ("indented", indented), ("returns", returns)]
    {
        let reply = Reply::stream("text/event-stream").chunk(events).end();
        check(name, &chat(reply).await, "Hello", "");
    }
    let reply = Reply::stream("text/event-stream").chunk(format!("\u{feff}{whole}")).end();
    check("a byte-order mark", &chat(reply).await, "Hello", "");
}

#[tokio::test]
async fn events_that_nobody_knows_may_hold_anything() {
    let odd =
        r#"{"type":"response.new.delta","delta":{"x":1},"response":7,"item":[],"text":false}"#;
    let mut parts = RESPONSES.to_vec();
    parts.insert(3, odd);
    let outcome_of = |kind, reply| outcome(kind, reply, policy());
    let responses = outcome_of(ProviderKind::OpenAiResponses, Reply::events(&parts).end()).await;
    check("Responses", &responses, "Hello", "hm");
    let mut parts = ANTHROPIC.to_vec();
    parts.insert(3, r#"{"type":"content_block_new","delta":7,"content_block":"x","usage":[]}"#);
    let anthropic = outcome_of(ProviderKind::Anthropic, Reply::events(&parts).end()).await;
    check("Anthropic", &anthropic, "Hello", "hm");
}

#[tokio::test]
async fn a_stream_under_another_type_is_read() {
    let whole = CHAT.map(|data| format!("data: {data}\n\n")).concat();
    for content_type in [
        "application/x-ndjson",
        "application/json",
        "text/plain; charset=utf-8",
        "binary/octet-stream",
    ] {
        let reply = Reply::stream(content_type).chunk(&whole).end();
        check(content_type, &chat(reply).await, "Hello", "");
    }
    let lines = OLLAMA.map(|line| format!("{line}\n")).concat();
    for content_type in ["text/plain", "text/event-stream", "application/json"] {
        let reply = Reply::stream(content_type).chunk(&lines).end();
        let outcome = outcome(ProviderKind::Ollama, reply, policy()).await;
        check(content_type, &outcome, "Hello", "hm");
    }
    let events = OLLAMA.map(|line| format!("data: {line}\n\n")).concat();
    let reply = Reply::stream("text/event-stream").chunk(events).end();
    check("events", &outcome(ProviderKind::Ollama, reply, policy()).await, "Hello", "hm");
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_is_read() {
    use ProviderKind::*;
    let chat = r#"{"object":"chat.completion","choices":[{"finish_reason":"stop","message":{"role":"assistant","reasoning_content":"hm","content":"Hello"}}],"usage":{"prompt_tokens":40,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":32},"completion_tokens_details":{"reasoning_tokens":3}}}"#;
    let responses = r#"{"object":"response","status":"completed","error":null,"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],"usage":{"input_tokens":40,"input_tokens_details":{"cached_tokens":32},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3}}}"#;
    let anthropic = r#"{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":6,"cache_creation_input_tokens":2,"cache_read_input_tokens":32,"output_tokens":5}}"#;
    let gemini = format!("[{}]", GEMINI.join(",\n"));
    let ollama = r#"{"model":"m","message":{"role":"assistant","content":"Hello","thinking":"hm"},"done":true,"done_reason":"stop","prompt_eval_count":40,"prompt_eval_cached_count":32,"eval_count":5}"#;
    for (kind, whole) in [
        (OpenAi, chat),
        (OpenAiResponses, responses),
        (Anthropic, anthropic),
        (Gemini, &*gemini),
        (Ollama, ollama),
    ] {
        let pretty: serde_json::Value = serde_json::from_str(whole).unwrap();
        for body in [whole.to_owned(), format!("{pretty:#}")] {
            let outcome = outcome(kind, Reply::json("200 OK", &[], &body), policy()).await;
            check(kind.as_str(), &outcome, "Hello", "hm");
            let tells_reasoning = !matches!(kind, Anthropic | Ollama);
            assert_eq!(outcome.usage, counted(tells_reasoning.then_some(3)), "{kind}");
        }
    }
}

#[tokio::test]
async fn errors_are_found_in_every_form() {
    use ErrorKind::*;
    let context = r#"{"error":{"code":400,"message":"the context size is exceeded"}}"#;
    let pretty = format!("{:#}", serde_json::from_str::<serde_json::Value>(context).unwrap());
    let stream = || Reply::events(&[CHAT_HEL]);
    for (name, reply, kind) in [
        ("JSON in a stream", stream().chunk(context).end(), ContextLengthExceeded),
        ("JSON over several lines", stream().chunk(pretty).end(), ContextLengthExceeded),
        (
            "a field of the stream",
            stream().chunk("error: {\"code\":400,\"message\":\"context size\"}\n\n").end(),
            ContextLengthExceeded,
        ),
        ("a text", stream().chunk("error: nothing works\n\n").end(), Server),
        (
            "without an envelope",
            stream().event(r#"{"object":"error","message":"x","code":401}"#).end(),
            Authentication,
        ),
    ] {
        let outcome = chat(reply).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{name}");
        assert_eq!(outcome.text, "Hel", "{name}");
    }
}

#[tokio::test]
async fn what_comes_compressed_is_read() {
    let zipped = |text: &str| {
        let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
        zip.write_all(text.as_bytes()).unwrap();
        zip.finish().unwrap()
    };
    let gzip = "content-encoding: gzip";
    let whole = zipped(&CHAT.map(|data| format!("data: {data}\n\n")).concat());
    let reply = Reply::status("200 OK", &["content-type: text/event-stream", gzip]).raw(whole);
    check("a stream", &chat(reply).await, "Hello", "");
    let other = Reply::status("200 OK", &["content-encoding: br"]).raw("raw-body");
    let error = chat(other).await.result.unwrap_err();
    assert!(error.kind == ErrorKind::Protocol && error.message.contains("(br)"), "{error}");
    let quota = zipped(r#"{"error":{"message":"x","code":"insufficient_quota"}}"#);
    let reply = Reply::status("429 X", &["content-type: application/json", gzip]).raw(quota);
    assert_eq!(chat(reply).await.result.unwrap_err().kind, ErrorKind::QuotaExceeded);
}
