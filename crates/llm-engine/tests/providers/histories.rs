//! How steps are written to each provider.

use llm_engine::{
    Block, Message, ModelRequest, Step, ToolResult,
    providers::{Compatibility, ProviderKind, SystemMessages},
};
use mock_provider::{MockProvider, Reply};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::{
    calling::{KINDS, Seen, body, call, opaque, seen, tool, written_by},
    support::{config, request},
};

fn step(blocks: Vec<Block>, results: &[&str]) -> Message {
    let results = results.iter().map(|text| ToolResult::new(*text)).collect();
    Message::step(Step::new(blocks, results).unwrap())
}

/// A text and two calls, whose second failed, between texts of the user.
fn two_calls() -> ModelRequest {
    let blocks = vec![
        Block::Text("Let me see.".into()),
        Block::Call(call(Some("id-1"), "f", r#"{"b": 1.0, "a": 12345678901234567890123}"#)),
        Block::Text("\n".into()),
        Block::Call(call(None, "get it", "")),
    ];
    let results = vec![ToolResult::new("one"), ToolResult::error("two")];
    let step = Message::step(Step::new(blocks, results).unwrap());
    request().tools(vec![tool("f")]).messages(vec![
        Message::user("hello"),
        step,
        Message::user("Hurry."),
    ])
}

#[tokio::test]
async fn a_step_is_written_in_the_words_of_each_provider() {
    use ProviderKind::*;
    let number: Value = serde_json::from_str("12345678901234567890123").unwrap();
    let arguments = json!({"b": 1.0, "a": number});
    let text = r#"{"b": 1.0, "a": 12345678901234567890123}"#;
    let first = |value: Value| json!({"id": "id-1", "function": {"name": "f", "arguments": value}});
    let second =
        |value: Value| json!({"id": "call_1", "function": {"name": "get_it", "arguments": value}});
    let typed = |mut call: Value| {
        call["type"] = "function".into();
        call
    };
    for (kind, field, conversation) in [
        (
            OpenAi,
            "messages",
            json!([
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Let me see.", "tool_calls": [
                    typed(first(text.into())), typed(second("{}".into())),
                ]},
                {"role": "tool", "tool_call_id": "id-1", "content": "one"},
                {"role": "tool", "tool_call_id": "call_1", "content": "two"},
                {"role": "user", "content": "Hurry."},
            ]),
        ),
        (
            OpenAiResponses,
            "input",
            json!([
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Let me see."},
                {"type": "function_call", "call_id": "id-1", "name": "f", "arguments": text},
                {"type": "function_call", "call_id": "call_1", "name": "get_it", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "id-1", "output": "one"},
                {"type": "function_call_output", "call_id": "call_1", "output": "two"},
                {"role": "user", "content": "Hurry."},
            ]),
        ),
        (
            Anthropic,
            "messages",
            json!([
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "id-1", "name": "f", "input": arguments},
                    {"type": "tool_use", "id": "call_1", "name": "get_it", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "id-1", "content": "one"},
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "two",
                        "is_error": true},
                    {"type": "text", "text": "Hurry."},
                ]},
            ]),
        ),
        (
            Gemini,
            "contents",
            json!([
                {"role": "user", "parts": [{"text": "hello"}]},
                {"role": "model", "parts": [
                    {"text": "Let me see."},
                    {"functionCall": {"id": "id-1", "name": "f", "args": arguments}},
                    {"functionCall": {"name": "get_it", "args": {}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse":
                        {"id": "id-1", "name": "f", "response": {"output": "one"}}},
                    {"functionResponse": {"name": "get_it", "response": {"error": "two"}}},
                ]},
                {"role": "user", "parts": [{"text": "Hurry."}]},
            ]),
        ),
        (
            Ollama,
            "messages",
            json!([
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Let me see.",
                    "tool_calls": [first(arguments.clone()), second(json!({}))]},
                {"role": "tool", "content": "one", "tool_name": "f", "tool_call_id": "id-1"},
                {"role": "tool", "content": "two", "tool_name": "get_it",
                    "tool_call_id": "call_1"},
                {"role": "user", "content": "Hurry."},
            ]),
        ),
    ] {
        assert_eq!(body(kind, two_calls()).await[field], conversation, "{kind}");
    }
}

#[tokio::test]
async fn the_conversation_may_end_with_results() {
    for kind in KINDS {
        let mut request = two_calls();
        request.messages.pop();
        let sent = seen(kind, &body(kind, request).await);
        assert!(matches!(sent.last(), Some(Seen::Result { .. })), "{kind}: {sent:?}");
    }
}

#[tokio::test]
async fn ids_that_are_missing_used_or_refused_are_replaced_on_both_sides() {
    let long = "x".repeat(65);
    for own in [None, Some("call-1"), Some("null"), Some("a b"), Some(&*long), Some("call_2")] {
        let one = || {
            let blocks = ["f", "f"].map(|name| Block::Call(call(own, name, "{}"))).to_vec();
            step(blocks, &["r1", "r2"])
        };
        for kind in KINDS {
            let messages = vec![Message::user("a"), one(), one()];
            let sent = seen(kind, &body(kind, request().messages(messages)).await);
            let (mut calls, mut results) = (Vec::new(), Vec::new());
            for part in sent {
                match part {
                    Seen::Call { id, .. } => calls.push(id),
                    Seen::Result { id, .. } => results.push(id),
                    Seen::Text(..) | Seen::Other => {}
                }
            }
            assert_eq!(calls, results, "{kind} {own:?}");
            if own.is_none() && kind == ProviderKind::Gemini {
                assert_eq!(calls, [None, None, None, None]);
                continue;
            }
            calls.sort();
            calls.dedup();
            assert!(calls.len() == 4 && calls.iter().all(Option::is_some), "{kind} {own:?}");
            let longest = if matches!(kind, ProviderKind::OpenAi) { 40 } else { 64 };
            let fits = |id: &String| (1..=longest).contains(&id.len()) && !id.contains(' ');
            assert!(calls.iter().flatten().all(fits), "{kind} {own:?}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_no_object_are_shown_to_the_model_as_a_text() {
    for (arguments, written) in [
        (r#"{"a": 1"#, json!({"text": "{\"a\": 1"})),
        ("[1]", json!({"text": "[1]"})),
        ("null", json!({"text": "null"})),
        ("{}{}", json!({"text": "{}{}"})),
        (" ", json!({})),
    ] {
        for kind in KINDS {
            let blocks = vec![Block::Call(call(Some("a"), "f", arguments))];
            let messages = vec![Message::user("a"), step(blocks, &["r"])];
            let sent = body(kind, request().messages(messages)).await;
            let path = match kind {
                ProviderKind::OpenAiResponses => "/input/1/arguments",
                ProviderKind::Anthropic => "/messages/1/content/0/input",
                ProviderKind::Gemini => "/contents/1/parts/0/functionCall/args",
                _ => "/messages/1/tool_calls/0/function/arguments",
            };
            let sent = sent.pointer(path).unwrap_or_else(|| panic!("{kind}: {sent}"));
            let sent = sent.as_str().map_or(sent.clone(), |it| serde_json::from_str(it).unwrap());
            assert_eq!(sent, written, "{kind} {arguments}");
        }
    }
}

#[tokio::test]
async fn servers_that_want_turns_and_short_ids_get_them() {
    let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
    let switches =
        Compatibility::new().system(SystemMessages::Merged).alternating(true).short_call_ids(true);
    let provider = config(ProviderKind::OpenAi, &mock).compatibility(switches).build().unwrap();
    let sent = written_by(&mock, provider, two_calls().instructions("Be brief.")).await;
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let messages = sent["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool", "assistant", "user"]);
    assert_eq!(messages[0]["content"], "Be brief.\n\nhello");
    assert_eq!(messages[2]["tool_call_id"], "call00001");
}

/// A part of a random history.
#[derive(Clone, Debug)]
enum Part {
    Said(usize, &'static str),
    Step(Vec<Output>),
}

#[derive(Clone, Debug)]
enum Output {
    Text(&'static str),
    Call(Option<&'static str>, &'static str),
    /// A part of this provider, or of another one.
    Opaque(bool),
}

fn history() -> impl Strategy<Value = Vec<Part>> {
    let text = prop::sample::select(vec!["", " ", "a", "b\n"]);
    let id = prop::sample::select(vec![None, Some("a"), Some("call_1"), Some("x y"), Some("b")]);
    let arguments = prop::sample::select(vec!["", "{}", r#"{"a":1}"#, "{", "[]"]);
    let output = prop_oneof![
        2 => text.clone().prop_map(Output::Text),
        3 => (id, arguments).prop_map(|(id, arguments)| Output::Call(id, arguments)),
        2 => any::<bool>().prop_map(Output::Opaque),
    ];
    let part = prop_oneof![
        (0..3_usize, text).prop_map(|(role, text)| Part::Said(role, text)),
        prop::collection::vec(output, 0..6).prop_map(Part::Step),
    ];
    prop::collection::vec(part, 0..7)
}

/// The provider's name of itself, for its own parts.
fn own(kind: ProviderKind, mock: &MockProvider) -> String {
    let path = if matches!(kind, ProviderKind::OpenAi | ProviderKind::OpenAiResponses) {
        "/v1"
    } else {
        ""
    };
    format!("{kind} {}{path}", mock.origin())
}

/// Opaque parts as each provider makes them.
fn made(kind: ProviderKind) -> (&'static str, &'static str) {
    match kind {
        ProviderKind::OpenAiResponses => {
            ("reasoning", r#"{"type":"reasoning","summary":[],"encrypted_content":"OWN"}"#)
        }
        ProviderKind::Anthropic => {
            ("thinking", r#"{"type":"thinking","thinking":"hm","signature":"OWN"}"#)
        }
        ProviderKind::Gemini => {
            ("part", r#"{"thought":true,"text":"hm","thoughtSignature":"OWN"}"#)
        }
        ProviderKind::Ollama => ("thinking", "OWN"),
        _ => ("reasoning_content", "OWN"),
    }
}

/// The messages of a history. The results are numbered.
fn messages(history: &[Part], kind: ProviderKind, mock: &MockProvider) -> (Vec<Message>, usize) {
    let (mut messages, mut count) = (Vec::new(), 0);
    let (of, bytes) = made(kind);
    for part in history {
        messages.push(match part {
            Part::Said(0, text) => Message::user(*text),
            Part::Said(1, text) => Message::system(*text),
            Part::Said(_, text) => Message::assistant(*text),
            Part::Step(outputs) => {
                let blocks = outputs.iter().map(|output| match output {
                    Output::Text(text) => Block::Text((*text).into()),
                    Output::Call(id, arguments) => Block::Call(call(*id, "f", arguments)),
                    Output::Opaque(true) => Block::Opaque(opaque(&own(kind, mock), "m", of, bytes)),
                    Output::Opaque(false) => Block::Opaque(opaque("x", "m", of, "FOREIGN")),
                });
                let blocks: Vec<_> = blocks.collect();
                let calls = blocks.iter().filter(|block| matches!(block, Block::Call(_))).count();
                let results =
                    (count..count + calls).map(|number| ToolResult::new(number.to_string()));
                count += calls;
                Message::step(Step::new(blocks, results.collect()).unwrap())
            }
        });
    }
    (messages, count)
}

/// Checks that each call comes once, followed by all results of its step in their order.
fn check(kind: ProviderKind, sent: &[Seen], count: usize) {
    let (mut open, mut next, mut ids) = (Vec::new(), 0, Vec::new());
    for part in sent {
        match part {
            Seen::Call { id, .. } => open.push(id.clone()),
            Seen::Result { id, text } => {
                assert!(!open.is_empty(), "{kind}: a result without a call: {sent:?}");
                assert_eq!((id, text), (&open.remove(0), &next.to_string()), "{kind}: {sent:?}");
                ids.extend(id.clone());
                next += 1;
            }
            // The model may speak between its calls; nobody else speaks before all results.
            Seen::Text(role, _) => {
                let is_model = role == "assistant" || role == "model";
                assert!(open.is_empty() || is_model, "{kind}: {sent:?}");
            }
            Seen::Other => {}
        }
    }
    assert_eq!((next, open.len()), (count, 0), "{kind}: {sent:?}");
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "{kind}: ids are unique: {sent:?}");
}

/// Checks what only one dialect demands.
fn check_own(kind: ProviderKind, sent: &Value) {
    if kind == ProviderKind::OpenAiResponses {
        let items = sent["input"].as_array().unwrap();
        for (index, item) in items.iter().enumerate() {
            if item["type"] == "reasoning" {
                let next = items[index + 1..].iter().find(|next| next["type"] != "reasoning");
                let next = next.unwrap_or_else(|| panic!("nothing follows: {sent}"));
                assert!(next["type"] == "function_call" || next["role"] == "assistant", "{sent}");
            }
        }
    }
    if kind == ProviderKind::Anthropic {
        let messages = sent["messages"].as_array().unwrap();
        for pair in messages.windows(2) {
            assert_ne!(pair[0]["role"], pair[1]["role"], "{sent}");
        }
        for message in messages {
            let last = message["content"].as_array().and_then(|blocks| blocks.last());
            assert!(last.is_none_or(|last| last["type"] != "thinking"), "{sent}");
            let mut blocks = message["content"].as_array().into_iter().flatten();
            let is_result = |block: &Value| block["type"] == "tool_result";
            let rest = blocks.by_ref().skip_while(|block| is_result(block));
            assert!(rest.into_iter().all(|block| !is_result(block)), "{sent}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn each_call_is_followed_by_its_result(history in history()) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for kind in KINDS {
                let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
                let (messages, count) = messages(&history, kind, &mock);
                let provider = config(kind, &mock).build().unwrap();
                let sent = written_by(&mock, provider, request().messages(messages)).await;
                assert!(!sent.contains("FOREIGN"), "{kind}: {sent}");
                let sent: Value = serde_json::from_str(&sent).unwrap();
                check(kind, &seen(kind, &sent), count);
                check_own(kind, &sent);
            }
        });
    }
}
