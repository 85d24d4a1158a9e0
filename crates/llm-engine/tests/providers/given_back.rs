//! What only a provider understands goes back to it, in its place, and to no other.

use llm_engine::{
    Block, Message, ModelRequest, Step, ToolResult,
    providers::{Compatibility, ProviderKind},
};
use mock_provider::{MockProvider, Reply};
use serde_json::{Value, json};

use crate::{
    calling::{Called, KINDS, called_by, framed, seen, tool, written_by},
    support::{config, provider, request},
};

use ProviderKind::{Anthropic, DeepSeek, Gemini, Ollama, OpenAi, OpenAiResponses};

/// A text that stands in every opaque part, and nowhere else.
const SECRET: &str = "OPAQUE";

/// An answer with a call, and with everything that the provider wants back.
fn answer(kind: ProviderKind) -> Vec<String> {
    let parts = match kind {
        OpenAiResponses => vec![json!({"object": "response", "status": "completed", "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [], "status": null,
                "encrypted_content": SECRET},
            {"type": "message", "content": [{"type": "output_text", "text": "Let me see."}]},
            {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f",
                "arguments": "{}"},
        ]})],
        Anthropic => vec![json!({"type": "message", "stop_reason": "tool_use", "content": [
            {"type": "thinking", "thinking": "hm", "signature": SECRET},
            {"type": "redacted_thinking", "data": SECRET},
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
        ]})],
        Gemini => vec![json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"text": "hm", "thought": true, "thoughtSignature": SECRET},
            {"text": "Let me "},
            {"text": "see.", "thoughtSignature": SECRET},
            {"functionCall": {"name": "f", "args": {}, "id": "a"}, "thoughtSignature": SECRET},
        ]}}]})],
        Ollama => vec![json!({"done": true, "done_reason": "stop", "message": {
            "thinking": SECRET, "content": "Let me see.",
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}],
        }})],
        _ => vec![json!({"choices": [{"finish_reason": "tool_calls", "message": {
            "reasoning_content": SECRET, "content": "Let me see.",
            "tool_calls": [{
                "id": "a", "function": {"name": "f", "arguments": "{}"},
                "extra_content": {"google": {"thought_signature": SECRET}},
            }],
        }}]})],
    };
    parts.iter().map(Value::to_string).collect()
}

/// A request that goes on after an answer.
fn after(called: Called) -> ModelRequest {
    after_all([called])
}

fn after_all(answers: impl IntoIterator<Item = Called>) -> ModelRequest {
    let mut messages = vec![Message::user("a")];
    for called in answers {
        assert!(called.result.is_ok(), "{:?}", called.result);
        let results = vec![ToolResult::new("r"); called.calls().len()];
        messages.push(Message::step(Step::new(called.blocks, results).unwrap()));
    }
    request().tools(vec![tool("f")]).messages(messages)
}

/// The body that goes to `to` after an answer of `from`.
async fn across(from: ProviderKind, to: ProviderKind) -> (Value, String) {
    let first = MockProvider::serve([framed(from, &answer(from)).end()]).await;
    let called = called_by(provider(from, &first), request().tools(vec![tool("f")])).await;
    let second = MockProvider::serve([Reply::status("404 X", &[])]).await;
    let sent = written_by(&second, provider(to, &second), after(called)).await;
    (serde_json::from_str(&sent).unwrap(), sent)
}

#[tokio::test]
async fn nothing_of_one_provider_goes_to_another() {
    let kinds = [KINDS.as_slice(), &[DeepSeek]].concat();
    for from in &kinds {
        let expected = seen(*from, &across(*from, *from).await.0);
        assert_eq!(expected.len(), 4, "{expected:?}");
        for to in &kinds {
            // The address is another one even where the kind is the same.
            let (body, sent) = across(*from, *to).await;
            assert!(!sent.contains(SECRET), "{from} to {to}: {sent}");
            let seen = seen(*to, &body);
            assert!(sent.contains("Let me see."), "{from} to {to}: {sent}");
            assert_eq!(seen[2..], expected[2..], "{from} to {to}: calls stay readable");
        }
    }
}

/// The body that goes to a provider after its own answers, asked by these names of models.
async fn back(kind: ProviderKind, answers: &[Vec<String>], models: [&str; 2]) -> Value {
    let mut replies: Vec<_> = answers.iter().map(|parts| framed(kind, parts).end()).collect();
    replies.push(Reply::status("404 X", &[]));
    let mock = MockProvider::serve(replies).await;
    let provider = provider(kind, &mock);
    let mut all = Vec::new();
    for _ in answers {
        let asked = request().tools(vec![tool("f")]).model(models[0]);
        all.push(called_by(provider.clone(), asked).await);
    }
    let sent = written_by(&mock, provider, after_all(all).model(models[1])).await;
    serde_json::from_str(&sent).unwrap()
}

#[tokio::test]
async fn what_a_provider_made_goes_back_in_its_place() {
    let call = |signature: Value| {
        json!({
            "functionCall": {"id": "a", "name": "f", "args": {}},
            "thoughtSignature": signature,
        })
    };
    let chat = |mut message: Value| {
        message["role"] = "assistant".into();
        message["content"] = "Let me see.".into();
        message["tool_calls"][0]["type"] = "function".into();
        message["tool_calls"][0]["extra_content"] =
            json!({"google": {"thought_signature": SECRET}});
        message
    };
    let calls = json!([{"id": "a", "function": {"name": "f", "arguments": "{}"}}]);
    for (kind, path, written) in [
        (
            OpenAiResponses,
            "/input/1",
            json!({"type": "reasoning", "summary": [], "encrypted_content": SECRET}),
        ),
        (OpenAiResponses, "/input/2", json!({"role": "assistant", "content": "Let me see."})),
        (
            Anthropic,
            "/messages/1/content",
            json!([
                {"type": "thinking", "thinking": "hm", "signature": SECRET},
                {"type": "redacted_thinking", "data": SECRET},
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            ]),
        ),
        (
            Gemini,
            "/contents/1/parts",
            json!([
                {"text": "hm", "thought": true, "thoughtSignature": SECRET},
                {"text": "Let me "},
                {"text": "see.", "thoughtSignature": SECRET},
                call(SECRET.into()),
            ]),
        ),
        (
            Ollama,
            "/messages/1",
            json!({
                "role": "assistant", "content": "Let me see.", "thinking": SECRET,
                "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}],
            }),
        ),
        (OpenAi, "/messages/1", chat(json!({ "tool_calls": calls }))),
        (DeepSeek, "/messages/1", chat(json!({"tool_calls": calls, "reasoning_content": SECRET}))),
    ] {
        let sent = back(kind, &[answer(kind)], ["m", "m"]).await;
        assert_eq!(sent.pointer(path), Some(&written), "{kind}: {sent}");
        let other = back(kind, &[answer(kind)], ["m", "n"]).await.to_string();
        assert!(!other.contains(SECRET), "{kind}: {other}");
    }
}

#[tokio::test]
async fn a_signature_goes_back_on_the_very_part_that_had_it() {
    let call = |id: &str, signature: Option<&str>| {
        let mut part = json!({"functionCall": {"id": id, "name": "f", "args": {"id": id}}});
        if let Some(signature) = signature {
            part["thoughtSignature"] = signature.into();
        }
        part
    };
    let chunk = |parts: Value| json!({"candidates": [{"content": {"parts": parts}}]}).to_string();
    let end = json!({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]});
    let last = json!({"text": "", "thoughtSignature": "S4=="});
    let answers = [
        vec![
            chunk(json!([{"text": "hm", "thought": true}, call("a", Some("S1+/=="))])),
            chunk(json!([call("b", None)])),
            end.to_string(),
        ],
        vec![chunk(json!([call("c", Some("S2=="))])), end.to_string()],
        vec![chunk(json!([{"text": "So"}])), chunk(json!([last])), end.to_string()],
    ];
    let sent = back(Gemini, &answers, ["m", "m"]).await;
    assert_eq!(sent["contents"][1]["parts"], json!([call("a", Some("S1+/==")), call("b", None)]));
    assert_eq!(sent["contents"][3]["parts"], json!([call("c", Some("S2=="))]));
    assert_eq!(sent["contents"][5]["parts"], json!([{"text": "So"}, last]));
}

#[tokio::test]
async fn calls_of_another_model_are_told_to_one_that_wants_signatures() {
    let first = MockProvider::serve([framed(Anthropic, &answer(Anthropic)).end()]).await;
    let called = called_by(provider(Anthropic, &first), request()).await;
    let history = after(called);
    let skip = json!("skip_thought_signature_validator");
    for (model, signature) in [
        ("gemini-3-pro", Some(&skip)),
        ("models/gemini-3.1-flash", Some(&skip)),
        ("gemini-2.5-pro", None),
    ] {
        let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
        let sent = written_by(&mock, provider(Gemini, &mock), history.clone().model(model)).await;
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let call = &sent["contents"][1]["parts"][1];
        assert_eq!(
            (call.get("thoughtSignature"), &call["functionCall"]["name"]),
            (signature, &json!("f"))
        );
    }
    let sent = back(Gemini, &[answer(Gemini)], ["gemini-3-pro"; 2]).await.to_string();
    assert!(!sent.contains("skip_thought"), "{sent}");
}

#[tokio::test]
async fn reasoning_of_responses_is_never_without_what_followed_it() {
    let reasoning = |id: &str, encrypted: Value| {
        let mut item = json!({"type": "reasoning", "id": id, "summary": []});
        item["encrypted_content"] = encrypted;
        item
    };
    let item = |name: &str| reasoning(name, name.into());
    let done =
        |item: &Value| json!({"type": "response.output_item.done", "item": item}).to_string();
    let call = json!({
        "type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": "{}",
    });
    let unencrypted = reasoning("rs", Value::Null);
    for (status, items, written) in [
        ("completed", vec![item("x"), call.clone(), item("y")], &["x", "a"][..]),
        ("completed", vec![item("x"), item("y"), call.clone()], &["x", "y", "a"]),
        ("completed", vec![unencrypted, call.clone()], &["a"]),
        ("incomplete", vec![item("x")], &[]),
    ] {
        for is_repeated in [true, false] {
            let output = if is_repeated { json!(items) } else { json!([]) };
            let response = json!({
                "status": status, "output": output,
                "incomplete_details": (status == "incomplete")
                    .then(|| json!({"reason": "max_output_tokens"})),
            });
            let mut parts: Vec<_> = items.iter().map(done).collect();
            parts.push(
                json!({"type": format!("response.{status}"), "response": response}).to_string(),
            );
            let sent = back(OpenAiResponses, &[parts], ["m", "m"]).await;
            let sent = sent["input"].as_array().unwrap();
            let names = sent.iter().filter_map(|item| match item["type"].as_str()? {
                "reasoning" => item["encrypted_content"].as_str(),
                "function_call" => item["call_id"].as_str(),
                _ => None,
            });
            assert_eq!(names.collect::<Vec<_>>(), written, "{status} {is_repeated}");
        }
    }
}

#[tokio::test]
async fn reasoning_goes_back_within_a_turn_that_calls_tools() {
    let chat = |calls: bool| {
        let mut message = json!({"reasoning_content": SECRET, "content": "So."});
        if calls {
            message["tool_calls"] =
                json!([{"id": "a", "function": {"name": "f", "arguments": "{}"}}]);
        }
        vec![json!({"choices": [{"finish_reason": "stop", "message": message}]}).to_string()]
    };
    let sent = back(DeepSeek, &[chat(false)], ["m", "m"]).await;
    assert_eq!(sent["messages"][1], json!({"role": "assistant", "content": "So."}));
    let sent = back(DeepSeek, &[chat(true), chat(false)], ["m", "m"]).await;
    for place in [1, 3] {
        assert_eq!(sent["messages"][place]["reasoning_content"], SECRET, "{place}");
    }
    let mock = MockProvider::serve([framed(OpenAi, &chat(true)).end()]).await;
    let switch = Compatibility::new().reasoning_content(true);
    let provider = config(OpenAi, &mock).compatibility(switch).build().unwrap();
    for (tools, shape) in
        [(vec![tool("f")], &["reasoning_content", "So.", "f"][..]), (vec![], &["So.", "f"])]
    {
        let called = called_by(provider.clone(), request().tools(tools)).await;
        assert_eq!(called.shape(), shape);
    }
}

#[tokio::test]
async fn a_part_that_is_no_longer_what_it_was_is_left_out() {
    for kind in [OpenAiResponses, Anthropic, Gemini] {
        let mock =
            MockProvider::serve([framed(kind, &answer(kind)).end(), Reply::status("404 X", &[])])
                .await;
        let provider = provider(kind, &mock);
        let mut called = called_by(provider.clone(), request()).await;
        for block in &mut called.blocks {
            if let Block::Opaque(part) = block {
                part.bytes = part.bytes[..part.bytes.len() - 1].into();
            }
        }
        let sent = written_by(&mock, provider, after(called)).await;
        let parts = usize::from(kind == Gemini);
        assert_eq!(sent.matches(SECRET).count(), parts, "{kind}: {sent}");
        assert!(sent.contains("Let me see."), "{kind}: {sent}");
    }
}
