//! Servers differ: what is sent to each, and what a refusal teaches.

use std::sync::Arc;

use llm_engine::{
    Engine, ErrorKind, Message, ModelRequest, Provider, Sampling, StopReason,
    providers::{Compatibility, ProviderConfig, ProviderKind, SystemMessages, TokenLimit},
};
use mock_provider::{MockProvider, Reply, answers::CHAT};
use serde_json::{Value, json};

use crate::support::{config, drain, policy, request};

/// A refusal in the words of chat completions.
fn refusal(status: &str, message: &str, field: &str) -> Reply {
    let error = json!({"error": {"message": message, "param": field, "code": null}});
    Reply::json(status, &[], &error.to_string())
}

fn limited() -> ModelRequest {
    request().sampling(Sampling::default().max_output_tokens(7).temperature(0.5))
}

async fn ask(provider: &Arc<dyn Provider>, request: ModelRequest) -> Result<StopReason, ErrorKind> {
    let engine = Engine::with_policy(Arc::clone(provider), policy());
    drain(engine.turn(request)).await.result.map_err(|error| error.kind)
}

/// The body that is sent for a request.
async fn body(config: impl FnOnce(ProviderConfig) -> ProviderConfig, kind: ProviderKind) -> Value {
    let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
    let provider = config(self::config(kind, &mock)).build().unwrap();
    let messages = vec![Message::user("a"), Message::system("b"), Message::assistant("c")];
    ask(&provider, limited().instructions("i").messages(messages)).await.unwrap_err();
    mock.bodies().remove(0)
}

#[tokio::test]
async fn a_refusal_that_names_a_field_is_learned_for_that_model() {
    let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                   'max_completion_tokens' instead.";
    let other = "Unsupported value: 'temperature' does not support 0.5 with this model.";
    let mock = MockProvider::serve([
        refusal("400 X", message, "max_tokens"),
        refusal("400 X", other, "temperature"),
        Reply::events(&CHAT).end(),
    ])
    .await;
    let provider = config(ProviderKind::OpenAi, &mock).build().unwrap();
    assert_eq!(ask(&provider, limited()).await, Ok(StopReason::EndTurn));
    assert_eq!(ask(&provider, limited()).await, Ok(StopReason::EndTurn));
    assert_eq!(ask(&provider, limited().model("other")).await, Ok(StopReason::EndTurn));
    let bodies = mock.bodies();
    let sent = |body: &Value| {
        ["max_tokens", "max_completion_tokens", "temperature"]
            .map(|field| body.get(field).is_some())
    };
    assert_eq!(
        bodies.iter().map(sent).collect::<Vec<_>>(),
        [
            [true, false, true],
            [false, true, true],
            [false, true, false],
            [false, true, false],
            [true, false, true],
        ]
    );
}

#[tokio::test]
async fn each_switch_is_learned_once() {
    let both = "Unsupported parameters: max_tokens, max_completion_tokens";
    let mock = MockProvider::serve([refusal("400 X", both, "max_tokens")]).await;
    let provider = config(ProviderKind::OpenAi, &mock).build().unwrap();
    assert_eq!(ask(&provider, limited()).await, Err(ErrorKind::InvalidRequest));
    assert_eq!(mock.requests().len(), 2);
    assert_eq!(ask(&provider, limited()).await, Err(ErrorKind::InvalidRequest));
    assert_eq!(mock.requests().len(), 3);
}

#[tokio::test]
async fn other_refusals_are_not_followed_by_another_call() {
    for (status, message) in [
        ("400 X", "max_tokens is too large: 7"),
        ("401 X", "Unsupported parameter: 'max_tokens'"),
        ("429 X", "Unsupported parameter: 'max_tokens'"),
    ] {
        let mock = MockProvider::serve([refusal(status, message, "max_tokens")]).await;
        let provider = config(ProviderKind::OpenAi, &mock).build().unwrap();
        ask(&provider, limited()).await.unwrap_err();
        assert_eq!(mock.requests().len(), 1, "{status} {message}");
    }
}

#[tokio::test]
async fn templates_that_know_fewer_roles_are_learned() {
    for (message, roles) in [
        ("System message must be at the beginning.", ["system", "user", "assistant"].as_slice()),
        ("System role not supported", &["user", "assistant"]),
        (
            "Conversation roles must alternate user/assistant/…",
            &["system", "user", "assistant", "user"],
        ),
    ] {
        let mock =
            MockProvider::serve([refusal("500 X", message, ""), Reply::events(&CHAT).end()]).await;
        let provider = config(ProviderKind::OpenAi, &mock).build().unwrap();
        let messages = vec![Message::user("a"), Message::system("b"), Message::assistant("c")];
        let request = request().instructions("i").messages(messages);
        assert_eq!(ask(&provider, request).await, Ok(StopReason::EndTurn), "{message}");
        let sent = mock.bodies()[1]["messages"].as_array().unwrap().clone();
        let sent: Vec<_> = sent.iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(sent, roles, "{message}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_server_counts_before_what_is_known() {
    let switches = Compatibility::new()
        .token_limit(TokenLimit::Unsent)
        .stream_options(false)
        .temperature(false)
        .system(SystemMessages::Merged);
    let sent = body(|config| config.compatibility(switches), ProviderKind::Groq).await;
    let merged = "i\n\na\n\n(Message of the system) b";
    assert_eq!(
        sent,
        json!({
            "model": "m",
            "messages":
                [{"role": "user", "content": merged}, {"role": "assistant", "content": "c"}],
            "stream": true,
        })
    );
    let known = body(|config| config, ProviderKind::Mistral).await;
    assert_eq!(known.get("stream_options"), None);
    assert_eq!(known["messages"][0]["role"], "system");
    assert_eq!(known["messages"][1]["role"], "user");
}

#[tokio::test]
async fn extra_fields_are_merged_last() {
    let extra = |config: ProviderConfig| {
        config
            .extra("temperature", Value::Null)
            .extra("max_tokens", 9)
            .extra("provider", json!({"order": ["a"]}))
    };
    let sent = body(extra, ProviderKind::OpenAi).await;
    assert_eq!(sent.get("temperature"), None);
    assert_eq!((&sent["max_tokens"], &sent["provider"]["order"][0]), (&json!(9), &json!("a")));
    let nested = |config: ProviderConfig| config.extra("options", json!({"num_ctx": 8192}));
    let sent = body(nested, ProviderKind::Ollama).await;
    assert_eq!(sent["options"], json!({"temperature": 0.5, "num_predict": 7, "num_ctx": 8192}));
}

/// What is sent for sampling parameters, or `None` if nothing is sent.
async fn sampled(kind: ProviderKind, sampling: Sampling) -> Option<Value> {
    let mock = MockProvider::serve([Reply::status("404 X", &[])]).await;
    let provider = config(kind, &mock).build().unwrap();
    ask(&provider, request().sampling(sampling)).await.unwrap_err();
    mock.bodies().pop()
}

#[tokio::test]
async fn reasoning_is_asked_for_in_the_words_of_each_provider() {
    use ProviderKind::*;
    let effort = || Sampling::default().reasoning_effort("low");
    for (kind, field, value) in [
        (OpenAi, "/reasoning_effort", json!("low")),
        (OpenRouter, "/reasoning", json!({"effort": "low"})),
        (OpenAiResponses, "/reasoning", json!({"effort": "low"})),
        (Anthropic, "/output_config", json!({"effort": "low"})),
        (Gemini, "/generationConfig/thinkingConfig", json!({"thinkingLevel": "low"})),
        (Ollama, "/think", json!("low")),
    ] {
        let sent = sampled(kind, effort()).await.unwrap();
        assert_eq!(sent.pointer(field), Some(&value), "{kind}");
    }
    let budget = || Sampling::default().thinking_budget_tokens(2048);
    for (kind, field, value) in [
        (OpenRouter, "/reasoning", json!({"max_tokens": 2048})),
        (Anthropic, "/thinking", json!({"type": "enabled", "budget_tokens": 2048})),
        (Anthropic, "/max_tokens", json!(8192)),
        (Gemini, "/generationConfig/thinkingConfig", json!({"thinkingBudget": 2048})),
    ] {
        let sent = sampled(kind, budget()).await.unwrap();
        assert_eq!(sent.pointer(field), Some(&value), "{kind}");
    }
    let sent = sampled(Anthropic, budget().max_output_tokens(7)).await.unwrap();
    assert_eq!(sent["max_tokens"], 7 + 2048);
    for kind in [OpenAi, OpenAiResponses, Ollama] {
        assert_eq!(sampled(kind, budget()).await, None, "{kind}");
    }
}

#[tokio::test]
async fn parameters_that_a_provider_does_not_have_are_not_sent() {
    use ProviderKind::*;
    let new = Sampling::default;
    for (kind, sampling, field) in [
        (OpenAi, new().seed(1), Some("/seed")),
        (Mistral, new().seed(1), Some("/random_seed")),
        (Gemini, new().seed(1), Some("/generationConfig/seed")),
        (Ollama, new().seed(1), Some("/options/seed")),
        (Anthropic, new().seed(1), None),
        (OpenAiResponses, new().seed(1), None),
        (OpenAi, new().top_k(1), Some("/top_k")),
        (Anthropic, new().top_k(1), Some("/top_k")),
        (Gemini, new().top_k(1), Some("/generationConfig/topK")),
        (Ollama, new().top_k(1), Some("/options/top_k")),
        (OpenAiResponses, new().top_k(1), None),
        (AzureOpenAi, new().top_k(1), None),
        (Ollama, new().num_ctx(1), Some("/options/num_ctx")),
        (OpenAi, new().num_ctx(1), None),
        (Gemini, new().num_ctx(1), None),
    ] {
        let sent = sampled(kind, sampling.clone()).await;
        let value = field.and_then(|field| sent.as_ref()?.pointer(field));
        assert_eq!(value.and_then(Value::as_i64), field.map(|_| 1), "{kind} {sampling:?}");
        assert_eq!(sent.is_some(), field.is_some(), "{kind} {sampling:?}");
    }
}

#[tokio::test]
async fn a_cache_is_asked_for_where_there_is_one_to_ask() {
    use ProviderKind::*;
    let cached = |config: ProviderConfig| config.cache(true);
    let mark = json!({"type": "ephemeral"});
    let sent = body(cached, Anthropic).await;
    assert_eq!(sent["system"], json!([{"type": "text", "text": "i", "cache_control": mark}]));
    let messages = sent["messages"].as_array().unwrap();
    assert!(messages[0]["content"].is_string());
    assert_eq!(messages[messages.len() - 1]["content"][0]["cache_control"], mark);

    let key = body(cached, AzureOpenAi).await["prompt_cache_key"].clone();
    assert_eq!(key.as_str().map(str::len), Some(16));
    assert_eq!(body(cached, AzureOpenAi).await["prompt_cache_key"], key);
    for kind in [OpenAi, Gemini, Ollama] {
        assert!(!body(cached, kind).await.to_string().contains("cache"), "{kind}");
    }
}
