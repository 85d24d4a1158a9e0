//! Runs model calls that call tools, and reads what is sent.

use std::sync::Arc;

use futures_util::StreamExt;
use llm_engine::{
    Block, BlockCollector, Engine, EngineError, ModelCall, ModelRequest, Opaque, Provider,
    StopReason, ToolSpec, TurnEvent,
    providers::{Protocol, ProviderKind},
};
use mock_provider::{MockProvider, Reply};
use serde_json::{Value, json, value::RawValue};

use crate::support::{policy, provider, request};

/// A kind for each dialect.
pub(crate) const KINDS: [ProviderKind; 5] = [
    ProviderKind::OpenAi,
    ProviderKind::OpenAiResponses,
    ProviderKind::Anthropic,
    ProviderKind::Gemini,
    ProviderKind::Ollama,
];

/// The parts of an answer as a provider frames them.
pub(crate) fn framed(kind: ProviderKind, parts: &[impl AsRef<str>]) -> Reply {
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match kind.protocol() {
        Protocol::OllamaChat => Reply::lines(&parts),
        Protocol::ChatCompletions
        | Protocol::Responses
        | Protocol::Messages
        | Protocol::GenerateContent => Reply::events(&parts),
    }
}

/// What came of a model call.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) blocks: Vec<Block>,
    pub(crate) result: Result<StopReason, EngineError>,
}

impl Called {
    /// The id, name and arguments of each call.
    pub(crate) fn calls(&self) -> Vec<(Option<&str>, &str, &str)> {
        let calls = self.blocks.iter().filter_map(|block| match block {
            Block::Call(call) => Some((call.id.as_deref(), &*call.name, &*call.arguments)),
            _ => None,
        });
        calls.collect()
    }

    /// What each block is: the text, the name of the tool, or the kind of an opaque part.
    pub(crate) fn shape(&self) -> Vec<&str> {
        let shape = self.blocks.iter().map(|block| match block {
            Block::Text(text) => &**text,
            Block::Call(call) => &*call.name,
            Block::Opaque(part) => &*part.kind,
            _ => unreachable!("there is no other block"),
        });
        shape.collect()
    }
}

/// Makes a request and collects its blocks. The calls must be told as the contract says.
pub(crate) async fn called_by(provider: Arc<dyn Provider>, request: ModelRequest) -> Called {
    let mut turn = Engine::with_policy(provider, policy()).turn(request);
    let (mut blocks, mut complete, mut begun) = (BlockCollector::default(), 0, 0);
    let mut pieces: Vec<String> = Vec::new();
    while let Some(event) = turn.next().await {
        blocks.take(&event);
        match event {
            TurnEvent::CallBegan { index, .. } => {
                assert_eq!(index, begun, "calls begin in their order");
                begun += 1;
                pieces.push(String::new());
            }
            TurnEvent::CallArguments { index, text } => pieces[index].push_str(&text),
            TurnEvent::CallComplete { index, call } => {
                assert_eq!(index, complete, "calls are completed in their order");
                assert_eq!(pieces[index], *call.arguments, "the pieces are the whole");
                complete += 1;
            }
            TurnEvent::Completed { stop_reason, .. } => {
                return Called { blocks: blocks.finish(), result: Ok(stop_reason) };
            }
            TurnEvent::Failed { error, .. } => {
                return Called { blocks: blocks.finish(), result: Err(error) };
            }
            _ => {}
        }
    }
    panic!("the turn has no end");
}

pub(crate) async fn called(kind: ProviderKind, reply: Reply) -> Called {
    let mock = MockProvider::serve([reply]).await;
    called_by(provider(kind, &mock), request().tools(vec![tool("f")])).await
}

/// The body that is sent for a request, as it is written.
pub(crate) async fn written(kind: ProviderKind, request: ModelRequest) -> String {
    let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
    written_by(&mock, provider(kind, &mock), request).await
}

pub(crate) async fn written_by(
    mock: &MockProvider,
    provider: Arc<dyn Provider>,
    request: ModelRequest,
) -> String {
    let called = called_by(provider, request).await;
    let sent = mock.requests().pop();
    let sent = sent.unwrap_or_else(|| panic!("nothing was sent: {:?}", called.result));
    sent.split_once("\r\n\r\n").unwrap().1.to_owned()
}

pub(crate) async fn body(kind: ProviderKind, request: ModelRequest) -> Value {
    serde_json::from_str(&written(kind, request).await).unwrap()
}

pub(crate) fn tool(name: &str) -> ToolSpec {
    with_schema(name, r#"{"type": "object", "properties": {}}"#)
}

/// A tool whose schema is written like this.
pub(crate) fn with_schema(name: &str, schema: &str) -> ToolSpec {
    let mut tool: ToolSpec = serde_json::from_value(
        json!({"name": name, "description": format!("It is {name}."), "input_schema": {}}),
    )
    .unwrap();
    tool.input_schema = serde_json::from_str(schema).unwrap();
    tool
}

pub(crate) fn call(id: Option<&str>, name: &str, arguments: &str) -> ModelCall {
    let mut call = ModelCall::new(name, arguments);
    call.id = id.map(Into::into);
    call
}

pub(crate) fn opaque(provider: &str, model: &str, kind: &str, bytes: &str) -> Opaque {
    Opaque {
        provider: provider.into(),
        model: model.into(),
        kind: kind.into(),
        bytes: bytes.into(),
    }
}

/// What a request holds, in its order, whatever the dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    Text(String, String),
    Call { id: Option<String>, name: String },
    Result { id: Option<String>, text: String },
    Other,
}

/// Reads the conversation of a body.
pub(crate) fn seen(kind: ProviderKind, body: &Value) -> Vec<Seen> {
    match kind.protocol() {
        Protocol::ChatCompletions | Protocol::OllamaChat => list(&body["messages"], flat),
        Protocol::Responses => list(&body["input"], item),
        Protocol::Messages => list(&body["messages"], |message| {
            let role = &message["role"];
            if message["content"].is_string() {
                return vec![said(role, &message["content"])];
            }
            list(&message["content"], |block| vec![anthropic(role, block)])
        }),
        Protocol::GenerateContent => list(&body["contents"], |content| {
            list(&content["parts"], |part| vec![gemini(&content["role"], part)])
        }),
    }
}

fn list(list: &Value, read: impl Fn(&Value) -> Vec<Seen>) -> Vec<Seen> {
    list.as_array().expect("there is a list").iter().flat_map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn id(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn said(role: &Value, content: &Value) -> Seen {
    Seen::Text(text(role), text(content))
}

fn flat(message: &Value) -> Vec<Seen> {
    if message["role"] == "tool" {
        let (id, text) = (id(&message["tool_call_id"]), text(&message["content"]));
        return vec![Seen::Result { id, text }];
    }
    let mut seen = Vec::new();
    if message["content"].as_str().is_some_and(|content| !content.is_empty()) {
        seen.push(said(&message["role"], &message["content"]));
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let arguments = &call["function"]["arguments"];
        let arguments = arguments.as_str().map_or(arguments.clone(), |text| {
            serde_json::from_str(text).unwrap_or_else(|_| panic!("{text} is no JSON"))
        });
        assert!(arguments.is_object(), "{arguments}");
        seen.push(Seen::Call { id: id(&call["id"]), name: text(&call["function"]["name"]) });
    }
    seen
}

fn item(item: &Value) -> Vec<Seen> {
    vec![match item["type"].as_str() {
        Some("function_call") => {
            assert!(item.get("id").is_none());
            let arguments: Value = serde_json::from_str(&text(&item["arguments"])).unwrap();
            assert!(arguments.is_object(), "{arguments}");
            Seen::Call { id: id(&item["call_id"]), name: text(&item["name"]) }
        }
        Some("function_call_output") => {
            Seen::Result { id: id(&item["call_id"]), text: text(&item["output"]) }
        }
        Some(_) => Seen::Other,
        None => said(&item["role"], &item["content"]),
    }]
}

fn anthropic(role: &Value, block: &Value) -> Seen {
    match block["type"].as_str() {
        Some("text") => said(role, &block["text"]),
        Some("tool_use") => {
            assert!(role == "assistant" && block["input"].is_object(), "{block}");
            Seen::Call { id: id(&block["id"]), name: text(&block["name"]) }
        }
        Some("tool_result") => {
            assert!(role == "user", "{block}");
            Seen::Result { id: id(&block["tool_use_id"]), text: text(&block["content"]) }
        }
        _ => Seen::Other,
    }
}

fn gemini(role: &Value, part: &Value) -> Seen {
    if let Some(call) = part.get("functionCall") {
        assert!(role == "model" && call["args"].is_object(), "{part}");
        return Seen::Call { id: id(&call["id"]), name: text(&call["name"]) };
    }
    if let Some(result) = part.get("functionResponse") {
        assert!(role == "user", "{part}");
        let outcome = &result["response"];
        let text = text(outcome.get("output").unwrap_or(&outcome["error"]));
        return Seen::Result { id: id(&result["id"]), text };
    }
    if part["thoughtSignature"].is_string() { Seen::Other } else { said(role, &part["text"]) }
}

/// A value of a body as it is written.
pub(crate) fn raw<'a>(body: &'a str, field: &str) -> &'a str {
    let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(body).unwrap();
    fields[field].get()
}
