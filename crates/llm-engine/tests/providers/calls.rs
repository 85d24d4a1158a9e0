//! How calls of tools are read from each provider's answers.

use llm_engine::{ErrorKind, StopReason, providers::ProviderKind};
use mock_provider::Reply;
use serde_json::{Value, json};

use crate::calling::{Called, called, framed};

use ProviderKind::{Anthropic, Gemini, Ollama, OpenAi, OpenAiResponses};

/// Arguments in which nothing may change: the order of keys, the numbers, the spaces.
const ARGUMENTS: &str = r#"{"b": 1.0, "a": 12345678901234567890123}"#;

fn chat(delta: &Value) -> String {
    json!({"choices": [{"index": 0, "delta": delta}]}).to_string()
}

fn chat_calls(calls: &Value) -> String {
    chat(&json!({ "tool_calls": calls }))
}

fn chat_end(reason: &str) -> String {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
}

fn object(arguments: &str, form: &str) -> String {
    form.replace("ARGUMENTS", arguments)
}

fn string(arguments: &str, form: &str) -> String {
    form.replace("ARGUMENTS", &Value::from(arguments).to_string())
}

async fn read(kind: ProviderKind, parts: &[String]) -> Called {
    called(kind, framed(kind, parts).end()).await
}

#[tokio::test]
async fn arguments_are_kept_as_they_are_written() {
    for (kind, parts) in [
        (
            Gemini,
            vec![object(
                ARGUMENTS,
                r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"i","name":"f","args":ARGUMENTS}}]},"finishReason":"STOP"}]}"#,
            )],
        ),
        (
            Ollama,
            vec![
                object(
                    ARGUMENTS,
                    r#"{"message":{"content":"","tool_calls":[{"id":"i","function":{"name":"f","arguments":ARGUMENTS}}]},"done":false}"#,
                ),
                r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#.to_owned(),
            ],
        ),
        (
            Ollama,
            vec![string(
                ARGUMENTS,
                r#"{"message":{"content":"","tool_calls":[{"id":"i","function":{"name":"f","arguments":ARGUMENTS}}]},"done":true,"done_reason":"stop"}"#,
            )],
        ),
        (
            OpenAi,
            vec![string(
                ARGUMENTS,
                r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":ARGUMENTS}}]},"finish_reason":"stop"}]}"#,
            )],
        ),
        (
            OpenAi,
            vec![object(
                ARGUMENTS,
                r#"{"choices":[{"delta":{"tool_calls":[{"id":"i","function":{"name":"f","arguments":ARGUMENTS}}]},"finish_reason":"tool_calls"}]}"#,
            )],
        ),
        (
            OpenAiResponses,
            vec![string(
                ARGUMENTS,
                r#"{"object":"response","status":"completed","output":[{"type":"function_call","id":"fc_1","call_id":"i","name":"f","arguments":ARGUMENTS}]}"#,
            )],
        ),
        (
            Anthropic,
            vec![object(
                ARGUMENTS,
                r#"{"type":"message","content":[{"type":"tool_use","id":"i","name":"f","input":ARGUMENTS}],"stop_reason":"tool_use"}"#,
            )],
        ),
    ] {
        let called = read(kind, &parts).await;
        assert_eq!(called.calls(), [(Some("i"), "f", ARGUMENTS)], "{kind} {parts:?}");
        assert_eq!(called.result, Ok(StopReason::ToolCall), "{kind} {parts:?}");
    }
}

#[tokio::test]
async fn older_calls_and_calls_without_arguments_are_read() {
    let function = |name: &str, arguments: &str| {
        chat(&json!({"function_call": {"name": name, "arguments": arguments}}))
    };
    let parts = [function("f", ""), function("", r#"{"a":"#), function("", "1}"), chat_end("stop")];
    assert_eq!(read(OpenAi, &parts).await.calls(), [(None, "f", r#"{"a":1}"#)]);
    for (kind, part) in [
        (
            OpenAi,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"null","function":{"name":"f"}}]},"finish_reason":"stop"}]}"#,
        ),
        (
            OpenAi,
            r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":null}}]},"finish_reason":"stop"}]}"#,
        ),
        (
            Gemini,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#,
        ),
        (Ollama, r#"{"message":{"tool_calls":[{"function":{"name":"f"}}]},"done":true}"#),
        (
            OpenAiResponses,
            r#"{"object":"response","status":"completed","output":[{"type":"function_call","name":"f","arguments":""}]}"#,
        ),
    ] {
        let called = read(kind, &[part.to_owned()]).await;
        assert_eq!(called.calls(), [(None, "f", "")], "{kind} {part}");
    }
}

#[tokio::test]
async fn pieces_of_chat_completions_are_told_apart() {
    let call = |index: Value, id: Value, name: Value, arguments: &str| json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}});
    let null = || Value::Null;
    for (shape, parts, calls) in [
        (
            "interleaved by index",
            vec![
                chat_calls(&json!([call(0.into(), "a".into(), "f".into(), "")])),
                chat_calls(&json!([call(1.into(), "b".into(), "g".into(), "{\"b\"")])),
                chat_calls(&json!([call(0.into(), null(), null(), "{\"a\"")])),
                chat_calls(&json!([
                    call(1.into(), null(), null(), ":2}"),
                    call(0.into(), null(), null(), ":1}"),
                ])),
            ],
            vec![(Some("a"), "f", "{\"a\":1}"), (Some("b"), "g", "{\"b\":2}")],
        ),
        (
            "one index, several ids",
            vec![
                chat_calls(&json!([call(0.into(), "a".into(), "f".into(), "{\"a\":1}")])),
                chat_calls(&json!([call(0.into(), "b".into(), "f".into(), "{\"b\"")])),
                chat_calls(&json!([call(0.into(), null(), null(), ":2}")])),
            ],
            vec![(Some("a"), "f", "{\"a\":1}"), (Some("b"), "f", "{\"b\":2}")],
        ),
        (
            "no index, no ids, all in one part",
            vec![chat_calls(&json!([
                call(null(), null(), "f".into(), "{}"),
                call(null(), "null".into(), "f".into(), "{\"b\":2}"),
                call(null(), null(), "g".into(), ""),
            ]))],
            vec![(None, "f", "{}"), (None, "f", "{\"b\":2}"), (None, "g", "")],
        ),
        (
            "a late id",
            vec![
                chat_calls(&json!([call(0.into(), null(), "f".into(), "{\"a\"")])),
                chat_calls(&json!([call(0.into(), "a".into(), null(), ":1}")])),
            ],
            vec![(Some("a"), "f", "{\"a\":1}")],
        ),
        (
            "an id and a name with each piece",
            vec![
                chat_calls(&json!([call(null(), "a".into(), "f".into(), "")])),
                chat_calls(&json!([call(null(), "a".into(), "f".into(), "{\"a\"")])),
                chat_calls(&json!([call(null(), "a".into(), "f".into(), ":1}")])),
                chat_calls(&json!([call(null(), "a".into(), "f".into(), "")])),
            ],
            vec![(Some("a"), "f", "{\"a\":1}")],
        ),
        (
            "a message that repeats what was streamed",
            vec![
                chat_calls(&json!([call(0.into(), "a".into(), "f".into(), "{}")])),
                json!({"choices": [{"message": {"tool_calls": [
                    {"id": "a", "function": {"name": "f", "arguments": "{}"}},
                ]}}]})
                .to_string(),
            ],
            vec![(Some("a"), "f", "{}")],
        ),
    ] {
        for reason in ["stop", "tool_calls"] {
            let parts = [parts.clone(), vec![chat_end(reason), "[DONE]".to_owned()]].concat();
            let called = read(OpenAi, &parts).await;
            assert_eq!(called.calls(), calls, "{shape}");
            assert_eq!(called.result, Ok(StopReason::ToolCall), "{shape}");
        }
    }
}

#[tokio::test]
async fn pieces_that_could_be_of_several_calls_fail_the_answer() {
    let call = |id: Value, name: Value, arguments: &str| {
        chat_calls(&json!([{"id": id, "function": {"name": name, "arguments": arguments}}]))
    };
    let null = || Value::Null;
    for parts in [
        vec![call(null(), "f".into(), ""), call(null(), "f".into(), "{}")],
        vec![call(null(), "f".into(), "{\"a\""), call(null(), "f".into(), "{}")],
        vec![
            call("a".into(), "f".into(), ""),
            call("b".into(), "g".into(), ""),
            call(null(), null(), "{}"),
        ],
        vec![call("a".into(), null(), "{}")],
        vec![call("a".into(), "f".into(), "{}"), call(null(), null(), "{}")],
        vec![chat_calls(&json!(["x"]))],
    ] {
        let parts = [parts, vec![chat_end("tool_calls")]].concat();
        let called = read(OpenAi, &parts).await;
        let kind = called.result.as_ref().map_err(|error| error.kind);
        assert_eq!((kind, called.calls().len()), (Err(ErrorKind::Protocol), 0), "{parts:?}");
    }
    let piece = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]}"#;
    let called = read(Gemini, &[piece.to_owned()]).await;
    assert_eq!(called.result.unwrap_err().kind, ErrorKind::Protocol);
}

/// A stream of two calls of the Responses API, and its parts by their order.
fn responses() -> Vec<String> {
    let item = |id: &str, call: &str, name: &str, arguments: &str| {
        json!({
            "type": "function_call", "id": id, "call_id": call, "name": name,
            "arguments": arguments, "status": "completed",
        })
    };
    let (one, two) = ("{\"a\":1}", "{\"b\":2}");
    let output = json!([item("fc_1", "a", "f", one), item("fc_2", "b", "f", two)]);
    let event = |kind: &str, more: Value| {
        let mut event = json!({ "type": format!("response.{kind}") });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string()
    };
    let delta = "function_call_arguments.delta";
    let done = "function_call_arguments.done";
    vec![
        event("output_item.added", json!({"output_index": 0, "item": item("fc_1", "a", "f", "")})),
        event("output_item.added", json!({"output_index": 1, "item": item("fc_2", "b", "f", "")})),
        event(delta, json!({"output_index": 0, "item_id": "fc_1", "delta": "{\"a\""})),
        event(delta, json!({"output_index": 1, "item_id": "fc_2", "delta": "{\"b\":2"})),
        event(delta, json!({"output_index": 0, "item_id": "fc_1", "delta": ":1}"})),
        event(delta, json!({"output_index": 1, "item_id": "fc_2", "delta": "}"})),
        event(done, json!({"output_index": 1, "item_id": "fc_2", "arguments": two})),
        event(done, json!({"output_index": 0, "item_id": "fc_1", "arguments": one})),
        event("output_item.done", json!({"output_index": 1, "item": item("fc_2", "b", "f", two)})),
        event("output_item.done", json!({"output_index": 0, "item": item("fc_1", "a", "f", one)})),
        event("completed", json!({"response": {"status": "completed", "output": output}})),
    ]
}

#[tokio::test]
async fn calls_of_responses_come_once_whatever_is_left_out() {
    let all = responses();
    let left_out = |words: &'static [&'static str]| {
        let keeps = move |part: &&String| !words.iter().any(|word| part.contains(word));
        all.iter().filter(keeps).cloned().collect::<Vec<_>>()
    };
    for words in [
        &[][..],
        &[".delta"],
        &[".delta", "arguments.done"],
        &["added"],
        &["added", ".delta", "arguments.done"],
        &["item.done", "arguments.done"],
        &["added", ".delta", ".done"],
    ] {
        let called = read(OpenAiResponses, &left_out(words)).await;
        let calls = [(Some("a"), "f", "{\"a\":1}"), (Some("b"), "f", "{\"b\":2}")];
        let mut seen = called.calls();
        // Without their beginnings the calls come in the order of their ends.
        seen.sort_unstable();
        assert_eq!(seen, calls, "{words:?}");
        assert_eq!(called.result, Ok(StopReason::ToolCall), "{words:?}");
    }
    let mut renamed = left_out(&[]);
    let last = renamed.last_mut().unwrap();
    *last = last.replace("fc_", "other_");
    assert_eq!(read(OpenAiResponses, &renamed).await.calls().len(), 2);
    let mut other = left_out(&[]);
    let last = other.len() - 3;
    other[last] = other[last].replace("2}", "3}");
    let called = read(OpenAiResponses, &other).await;
    assert_eq!(called.result.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn gemini_calls_over_several_chunks_are_all_read() {
    let chunk = |parts: Value| json!({"candidates": [{"content": {"parts": parts}}]}).to_string();
    let call =
        |name: &str, number: i32| json!({"functionCall": {"name": name, "args": {"n": number}}});
    let parts = [
        chunk(json!([{"text": "Let me see."}, call("f", 1), call("f", 1)])),
        chunk(json!([call("g", 2)])),
        json!({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]}).to_string(),
    ];
    let called = read(Gemini, &parts).await;
    assert_eq!(called.shape(), ["Let me see.", "f", "f", "g"]);
    assert_eq!(called.result, Ok(StopReason::ToolCall));
}

#[tokio::test]
async fn calls_without_end_are_too_many() {
    let call = r#"{"functionCall":{"name":"f"}}"#;
    let part = |count: usize| {
        let calls = vec![call; count].join(",");
        format!(r#"{{"candidates":[{{"content":{{"parts":[{calls}]}},"finishReason":"STOP"}}]}}"#)
    };
    assert_eq!(read(Gemini, &[part(1024)]).await.calls().len(), 1024);
    let error = read(Gemini, &[part(1025)]).await.result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_call_that_a_provider_could_not_read_is_told_by_the_reason() {
    for reason in ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"] {
        let end = json!({"candidates": [{"content": {}, "finishReason": reason}]}).to_string();
        let called = read(Gemini, &[end]).await;
        assert_eq!(called.result, Ok(StopReason::MalformedCall), "{reason}");
    }
}

#[tokio::test]
async fn an_answer_with_calls_needs_no_more_waiting_than_others() {
    let parts = [
        chat_calls(&json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}])),
        chat_end("tool_calls"),
        r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#.to_owned(),
    ];
    let began = std::time::Instant::now();
    let called = called(OpenAi, framed(OpenAi, &parts).hang()).await;
    assert_eq!(called.calls().len(), 1);
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "{:?}", began.elapsed());
    let whole: Reply = framed(OpenAi, &parts).raw("x").reset();
    assert_eq!(crate::calling::called(OpenAi, whole).await.calls().len(), 1);
}
