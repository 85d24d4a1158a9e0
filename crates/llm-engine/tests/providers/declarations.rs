//! How tools are declared to each provider.

use llm_engine::{
    ErrorKind, Message, Step, ToolChoice, ToolResult,
    providers::{Compatibility, ProviderKind},
};
use mock_provider::{MockProvider, Reply};
use serde_json::{Value, json};

use crate::{
    calling::{KINDS, body, call, called_by, raw, tool, with_schema, written, written_by},
    support::{config, provider, request},
};

/// A schema in which nothing may change: the order of keys, the numbers, the spaces.
const SCHEMA: &str = concat!(
    r#"{"type": "object", "z": 1.0, "properties": {"b":{}, "a":{}}, "#,
    r#""max": 12345678901234567890123}"#,
);

#[tokio::test]
async fn tools_are_declared_in_the_words_of_each_provider() {
    use ProviderKind::*;
    let schema = json!({"type": "object", "properties": {}});
    let function = json!({"name": "f", "description": "It is f.", "parameters": schema});
    for (kind, tools) in [
        (OpenAi, json!([{"type": "function", "function": function}])),
        (
            OpenAiResponses,
            json!([{
                "type": "function", "name": "f", "description": "It is f.", "parameters": schema,
                "strict": false,
            }]),
        ),
        (Anthropic, json!([{"name": "f", "description": "It is f.", "input_schema": schema}])),
        (
            Gemini,
            json!([{"functionDeclarations": [
                {"name": "f", "description": "It is f.", "parametersJsonSchema": schema},
            ]}]),
        ),
        (Ollama, json!([{"type": "function", "function": function}])),
    ] {
        let sent = body(kind, request().tools(vec![tool("f")])).await;
        assert_eq!(sent["tools"], tools, "{kind}");
        assert!(sent.get("tool_choice").or(sent.get("toolConfig")).is_none(), "{kind}");
        assert!(body(kind, request()).await.get("tools").is_none(), "{kind}");
    }
}

#[tokio::test]
async fn the_choice_is_said_in_the_words_of_each_provider() {
    use ProviderKind::*;
    let mode = |mode: &str| json!({"functionCallingConfig": {"mode": mode}});
    for (kind, field, none, required) in [
        (OpenAi, "tool_choice", json!("none"), json!("required")),
        (OpenAiResponses, "tool_choice", json!("none"), json!("required")),
        (Anthropic, "tool_choice", json!({"type": "none"}), json!({"type": "any"})),
        (Gemini, "toolConfig", mode("NONE"), mode("ANY")),
    ] {
        for (choice, said) in [(ToolChoice::None, none), (ToolChoice::Required, required)] {
            let offered = request().tools(vec![tool("f")]).tool_choice(choice);
            let sent = body(kind, offered).await;
            assert_eq!((&sent[field], sent["tools"].is_array()), (&said, true), "{kind}");
            let sent = body(kind, request().tool_choice(choice)).await;
            assert_eq!(sent.get(field), None, "{kind}: there is nothing to choose");
        }
    }
    let sent = body(Ollama, request().tools(vec![tool("f")]).tool_choice(ToolChoice::None)).await;
    assert_eq!(sent.get("tools"), None, "there is no other way to say it");
    refused(Ollama, request().tools(vec![tool("f")]).tool_choice(ToolChoice::Required), "required")
        .await;
}

#[tokio::test]
async fn the_same_tools_are_the_same_bytes() {
    for kind in KINDS {
        let tools = |names: [&str; 3]| names.map(|name| with_schema(name, SCHEMA)).to_vec();
        let one = written(kind, request().tools(tools(["b", "a", "c"]))).await;
        let mut other = request();
        other.tools = tools(["c", "b", "a"]).into();
        assert_eq!(one, written(kind, other).await, "{kind}");
        assert_eq!(one.matches(SCHEMA).count(), 3, "{kind}: {one}");
        assert!(one.find("It is a.") < one.find("It is b."), "{kind}");
    }
}

#[tokio::test]
async fn additional_fields_change_no_schema() {
    for kind in KINDS {
        let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
        let provider = config(kind, &mock).extra("user", "u").build().unwrap();
        let sent = written_by(&mock, provider, request().tools(vec![with_schema("f", SCHEMA)]));
        let sent = sent.await;
        assert!(sent.contains(SCHEMA) && raw(&sent, "user") == r#""u""#, "{kind}: {sent}");

        let twice = config(kind, &mock).extra("tools", json!([])).build().unwrap();
        let error = called_by(twice, request().tools(vec![tool("f")])).await.result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{kind}");
        assert_eq!(mock.requests().len(), 1, "{kind}");
    }
}

/// Checks that nothing is sent, and that the error has these words.
async fn refused(kind: ProviderKind, request: llm_engine::ModelRequest, words: &str) {
    let mock = MockProvider::serve([Reply::default()]).await;
    let error = called_by(provider(kind, &mock), request).await.result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest, "{kind}: {error}");
    assert!(error.message.contains(words), "{kind}: {error}");
    assert!(mock.requests().is_empty(), "{kind}");
}

#[tokio::test]
async fn a_schema_that_a_provider_cannot_take_is_named_before_the_call() {
    for schema in [r#"{"type":"string"}"#, "{}", "true", "[]", r#"{"type":["object","null"]}"#] {
        for kind in KINDS {
            let tools = vec![tool("a"), with_schema("wrong", schema)];
            refused(kind, request().tools(tools), "`wrong`").await;
        }
    }
    let either = r#"{"type":"object","oneOf":[{},{}]}"#;
    let request = || request().tools(vec![with_schema("wrong", either)]);
    refused(ProviderKind::Anthropic, request(), "`oneOf`").await;
    refused(ProviderKind::AzureOpenAi, request(), "`oneOf`").await;
    let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
    for kind in [ProviderKind::OpenAi, ProviderKind::OpenAiResponses] {
        let switch = Compatibility::new().schema_choices(false);
        let strict = config(kind, &mock).compatibility(switch).build().unwrap();
        let error = called_by(strict, request()).await.result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{kind}");
    }
    for kind in [ProviderKind::OpenAi, ProviderKind::Gemini, ProviderKind::Ollama] {
        assert!(written(kind, request()).await.contains("oneOf"), "{kind}");
    }
}

#[tokio::test]
async fn tools_that_were_called_are_named_where_calls_need_them() {
    let blocks = vec![llm_engine::Block::Call(call(Some("a"), "get.it", "{}"))];
    let step = Message::step(Step::new(blocks, vec![ToolResult::new("r")]).unwrap());
    let messages = vec![Message::user("a"), step, Message::user("b")];
    for kind in KINDS {
        let sent = body(kind, request().messages(messages.clone())).await;
        if kind == ProviderKind::Anthropic {
            assert_eq!(sent["tools"][0]["name"], "get_it");
            assert_eq!(sent["tool_choice"], json!({"type": "none"}));
        } else {
            assert_eq!(sent.get("tools"), None::<&Value>, "{kind}");
        }
    }
}

#[tokio::test]
async fn encrypted_reasoning_is_asked_for_with_tools_until_a_server_refuses_it() {
    let kind = ProviderKind::OpenAiResponses;
    let offered = || request().tools(vec![tool("f")]);
    let include = json!(["reasoning.encrypted_content"]);
    assert_eq!(body(kind, offered()).await["include"], include);
    assert_eq!(body(kind, request()).await.get("include"), None);

    let refusal = json!({"error": {
        "message": "Encrypted content is not supported with this model.", "param": "include",
    }});
    let answer = r#"{"object":"response","status":"completed","output":[]}"#;
    let mock = MockProvider::serve([
        Reply::json("400 X", &[], &refusal.to_string()),
        Reply::json("200 OK", &[], answer),
    ])
    .await;
    let provider = provider(kind, &mock);
    for _ in 0..2 {
        assert!(called_by(provider.clone(), offered()).await.result.is_ok());
    }
    let asked: Vec<_> = mock.bodies().iter().map(|body| body.get("include").is_some()).collect();
    assert_eq!(asked, [true, false, false]);
}
