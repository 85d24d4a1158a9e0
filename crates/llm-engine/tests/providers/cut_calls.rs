//! What is left of calls in an answer that was cut.

use llm_engine::{
    Block, Message, ModelRequest, Step, StopReason, ToolResult, providers::ProviderKind,
};
use mock_provider::{MockProvider, Reply};
use serde_json::{Value, json};

use crate::{
    calling::{Called, called, called_by, framed, tool, written_by},
    support::{provider, request},
};

use ProviderKind::{Anthropic, OpenAi, OpenAiResponses};

/// The arguments, one prefix of which with a whole object is only the whole.
const ARGUMENTS: &str = r#"{"a": {"b": [1]}, "c": "}"}"#;

/// An answer up to this byte of the arguments, and its end for this reason.
fn cut(kind: ProviderKind, at: usize, reason: &str) -> Vec<String> {
    let begun = &ARGUMENTS[..at];
    match kind {
        OpenAi => vec![
            json!({"choices": [{"delta": {"tool_calls": [
                {"index": 0, "id": "a", "function": {"name": "f", "arguments": begun}},
            ]}}]})
            .to_string(),
            json!({"choices": [{"delta": {}, "finish_reason": reason}]}).to_string(),
        ],
        OpenAiResponses => {
            let item = json!({
                "type": "function_call", "id": "fc_1", "call_id": "a", "name": "f",
                "arguments": begun, "status": "incomplete",
            });
            let response = json!({
                "status": "incomplete", "incomplete_details": {"reason": reason}, "output": [item],
            });
            vec![
                json!({"type": "response.output_item.added", "output_index": 0, "item":
                    {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f",
                    "arguments": ""}})
                .to_string(),
                json!({"type": "response.function_call_arguments.delta", "output_index": 0,
                    "item_id": "fc_1", "delta": begun})
                .to_string(),
                json!({"type": "response.output_item.done", "output_index": 0, "item": item})
                    .to_string(),
                json!({"type": "response.incomplete", "response": response}).to_string(),
            ]
        }
        _ => vec![
            json!({"type": "content_block_start", "index": 0, "content_block":
                {"type": "tool_use", "id": "a", "name": "f", "input": {}}})
            .to_string(),
            json!({"type": "content_block_delta", "index": 0, "delta":
                {"type": "input_json_delta", "partial_json": begun}})
            .to_string(),
            json!({"type": "content_block_stop", "index": 0}).to_string(),
            json!({"type": "message_delta", "delta": {"stop_reason": reason}}).to_string(),
            json!({"type": "message_stop"}).to_string(),
        ],
    }
}

#[tokio::test]
async fn a_call_that_the_limit_of_tokens_cut_is_not_completed() {
    for at in 0..ARGUMENTS.len() {
        for (kind, reason) in
            [(OpenAi, "length"), (OpenAiResponses, "max_output_tokens"), (Anthropic, "max_tokens")]
        {
            let parts = cut(kind, at, reason);
            let called = called(kind, framed(kind, &parts).end()).await;
            assert_eq!(called.result, Ok(StopReason::MaxTokens), "{kind} {at}");
            assert!(called.calls().is_empty(), "{kind} {at}");
        }
    }
    // The end of a block tells that what is an object there is the whole call.
    let parts = cut(Anthropic, ARGUMENTS.len(), "max_tokens");
    let called = called(Anthropic, framed(Anthropic, &parts).end()).await;
    assert_eq!(called.calls(), [(Some("a"), "f", ARGUMENTS)]);
}

#[tokio::test]
async fn a_call_of_a_broken_stream_is_not_completed() {
    for at in 0..=ARGUMENTS.len() {
        for kind in [OpenAi, OpenAiResponses, Anthropic] {
            let mut parts = cut(kind, at, "x");
            parts.truncate(if kind == OpenAi { 1 } else { 2 });
            for reply in [framed(kind, &parts).end(), framed(kind, &parts).raw("x").reset()] {
                let called = called(kind, reply).await;
                assert!(called.result.is_err() && called.calls().is_empty(), "{kind} {at}");
            }
        }
    }
}

#[tokio::test]
async fn broken_arguments_of_a_proper_end_are_told_as_they_are() {
    for at in 0..=ARGUMENTS.len() {
        for (kind, reason) in [(OpenAi, "tool_calls"), (Anthropic, "tool_use")] {
            let parts = cut(kind, at, reason);
            let called = called(kind, framed(kind, &parts).end()).await;
            assert_eq!(called.calls(), [(Some("a"), "f", &ARGUMENTS[..at])], "{kind} {at}");
            assert_eq!(called.result, Ok(StopReason::ToolCall), "{kind} {at}");
        }
    }
}

#[tokio::test]
async fn a_failure_after_a_call_keeps_only_what_was_whole() {
    let mut parts = cut(Anthropic, ARGUMENTS.len(), "x");
    parts.truncate(3);
    parts.push(r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#.to_owned());
    let called_first = called(Anthropic, framed(Anthropic, &parts).end()).await;
    assert_eq!((called_first.result.is_err(), called_first.calls().len()), (true, 1));
    let mut parts = cut(OpenAi, ARGUMENTS.len(), "x");
    parts[1] = r#"{"error":{"message":"x"}}"#.to_owned();
    let called = called(OpenAi, framed(OpenAi, &parts).end()).await;
    assert_eq!((called.result.is_err(), called.calls().len()), (true, 0));
}

/// The five blocks of an answer of Anthropic: each begins, goes on and ends.
fn five() -> Vec<Vec<String>> {
    let begin = |index: usize, block: Value| {
        json!({"type": "content_block_start", "index": index, "content_block": block}).to_string()
    };
    let piece = |index: usize, delta: Value| {
        json!({"type": "content_block_delta", "index": index, "delta": delta}).to_string()
    };
    let stop = |index: usize| json!({"type": "content_block_stop", "index": index}).to_string();
    let thinking = |index: usize, signature: &str| {
        vec![
            begin(index, json!({"type": "thinking", "thinking": "", "signature": ""})),
            piece(index, json!({"type": "thinking_delta", "thinking": "h\n"})),
            piece(index, json!({"type": "thinking_delta", "thinking": "\"m\""})),
            piece(index, json!({"type": "signature_delta", "signature": signature})),
            stop(index),
        ]
    };
    let call = |index: usize, id: &str| {
        vec![
            begin(index, json!({"type": "tool_use", "id": id, "name": "f", "input": {}})),
            piece(index, json!({"type": "input_json_delta", "partial_json": "{\"a\""})),
            piece(index, json!({"type": "input_json_delta", "partial_json": ": 1}"})),
            stop(index),
        ]
    };
    let text = vec![
        begin(4, json!({"type": "text", "text": ""})),
        piece(4, json!({"type": "text_delta", "text": "So."})),
        stop(4),
    ];
    vec![thinking(0, "SIG/1+=="), call(1, "t1"), thinking(2, "SIG2"), call(3, "t2"), text]
}

fn five_written() -> Value {
    json!([
        {"type": "thinking", "thinking": "h\n\"m\"", "signature": "SIG/1+=="},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "thinking", "thinking": "h\n\"m\"", "signature": "SIG2"},
        {"type": "tool_use", "id": "t2", "name": "f", "input": {"a": 1}},
        {"type": "text", "text": "So."},
    ])
}

/// A request that goes on after the blocks of an answer.
fn after(called: Called) -> ModelRequest {
    let calls = called.calls().len();
    let results = vec![ToolResult::new("r"); calls];
    let step = Message::step(Step::new(called.blocks, results).unwrap());
    request().tools(vec![tool("f")]).messages(vec![Message::user("a"), step, Message::user("b")])
}

#[tokio::test]
async fn an_answer_goes_back_as_the_same_blocks_or_as_the_first_of_them() {
    let parts = five().concat();
    let end = [
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}).to_string(),
        json!({"type": "message_stop"}).to_string(),
    ];
    for length in 1..=parts.len() {
        let is_whole = length == parts.len();
        let mut sent = parts[..length].to_vec();
        if is_whole {
            sent.extend(end.clone());
        }
        let mock =
            MockProvider::serve([framed(Anthropic, &sent).end(), Reply::status("404 X", &[])])
                .await;
        let provider = provider(Anthropic, &mock);
        let called = called_by(provider.clone(), request()).await;
        assert_eq!(called.result.is_ok(), is_whole, "{length}");
        let body = written_by(&mock, provider, after(called)).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        let messages = body["messages"].as_array().unwrap();
        let assistant = messages.iter().find(|message| message["role"] == "assistant");
        let blocks = assistant.map_or(json!([]), |message| match &message["content"] {
            Value::String(text) => json!([{"type": "text", "text": text}]),
            blocks => blocks.clone(),
        });
        let (blocks, all) = (blocks.as_array().unwrap(), five_written());
        let all = all.as_array().unwrap();
        assert_eq!(blocks[..], all[..blocks.len()], "{length}");
        assert_eq!(blocks.len() == all.len(), length >= parts.len() - 1, "{length}");
        let last = blocks.last().map(|block| block["type"].as_str().unwrap());
        assert_ne!(last, Some("thinking"), "{length}");
    }
}

#[tokio::test]
async fn reasoning_without_its_signature_or_with_half_a_character_is_not_kept() {
    for (text, signature) in [("\"hm\"", ""), (r#""h\ud83d""#, "SIG")] {
        let parts = [
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#.to_owned(),
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"thinking_delta","thinking":{text}}}}}"#),
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"signature_delta","signature":"{signature}"}}}}"#),
            r#"{"type":"content_block_stop","index":0}"#.to_owned(),
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"a"}}"#.to_owned(),
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#.to_owned(),
            r#"{"type":"message_stop"}"#.to_owned(),
        ];
        let called = called(Anthropic, framed(Anthropic, &parts).end()).await;
        assert_eq!(called.blocks, [Block::Text("a".into())], "{text}");
    }
}
