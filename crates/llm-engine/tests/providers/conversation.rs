//! What is sent to each provider.

use std::sync::Arc;

use llm_engine::{Engine, ErrorKind, Message, ModelRequest, Sampling, providers::ProviderKind};
use mock_provider::{MockProvider, Reply};
use serde_json::{Value, json};

use crate::support::{KEY, config, drain, policy, provider, request};

/// A conversation that no provider takes as it is.
fn odd() -> ModelRequest {
    let sampling = Sampling::default()
        .temperature(0.5)
        .top_p(0.25)
        .max_output_tokens(7)
        .stop_sequences(vec!["END".to_owned()]);
    let messages = vec![
        Message::assistant("Hi."),
        Message::user("One."),
        Message::user("Two."),
        Message::system("Hurry."),
        Message::user(" "),
    ];
    request().instructions("Be brief.").messages(messages).sampling(sampling)
}

/// The request that `request` becomes: its head and its body.
async fn sent(kind: ProviderKind, request: ModelRequest) -> (String, Value) {
    let mock = MockProvider::serve([Reply::status("500 X", &[])]).await;
    let engine = Engine::with_policy(provider(kind, &mock), policy());
    drain(engine.turn(request)).await.result.unwrap_err();
    (mock.requests()[0].split_once("\r\n\r\n").unwrap().0.to_owned(), mock.bodies()[0].clone())
}

#[tokio::test]
async fn chat_completions_keep_roles() {
    let (head, body) = sent(ProviderKind::OpenAi, odd()).await;
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}")), "{head}");
    assert_eq!(
        body,
        json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "assistant", "content": "Hi."},
                {"role": "user", "content": "One.\n\nTwo."},
                {"role": "system", "content": "Hurry."},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "temperature": 0.5, "top_p": 0.25, "max_tokens": 7, "stop": ["END"],
        })
    );
}

#[tokio::test]
async fn responses_keep_roles_and_nothing_is_stored() {
    let mut request = odd();
    Arc::make_mut(&mut request.sampling).stop_sequences.clear();
    let (head, body) = sent(ProviderKind::OpenAiResponses, request).await;
    assert!(head.starts_with("POST /v1/responses HTTP/1.1\r\n"), "{head}");
    assert_eq!(
        body,
        json!({
            "model": "m",
            "instructions": "Be brief.",
            "input": [
                {"role": "assistant", "content": "Hi."},
                {"role": "user", "content": "One.\n\nTwo."},
                {"role": "system", "content": "Hurry."},
            ],
            "stream": true, "store": false,
            "temperature": 0.5, "top_p": 0.25, "max_output_tokens": 7,
        })
    );
}

#[tokio::test]
async fn anthropic_gets_turns_that_begin_and_end_with_the_user() {
    let (head, body) = sent(ProviderKind::Anthropic, odd()).await;
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("x-api-key: {KEY}")), "{head}");
    assert!(head.contains("anthropic-version: 2023-06-01"), "{head}");
    assert_eq!(
        body,
        json!({
            "model": "m",
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "(Go on.)"},
                {"role": "assistant", "content": "Hi."},
                {"role": "user", "content": "One.\n\nTwo.\n\n(Message of the system) Hurry."},
            ],
            "stream": true, "max_tokens": 7,
            "temperature": 0.5, "top_p": 0.25, "stop_sequences": ["END"],
        })
    );
}

#[tokio::test]
async fn gemini_gets_the_same_in_its_own_words() {
    let (head, body) = sent(ProviderKind::Gemini, odd()).await;
    let path = "POST /v1beta/models/m:streamGenerateContent?alt=sse HTTP/1.1\r\n";
    assert!(head.starts_with(path), "{head}");
    assert!(head.contains(&format!("x-goog-api-key: {KEY}")), "{head}");
    assert_eq!(
        body,
        json!({
            "contents": [
                {"role": "user", "parts": [{"text": "(Go on.)"}]},
                {"role": "model", "parts": [{"text": "Hi."}]},
                {"role": "user", "parts": [{"text": "One.\n\nTwo.\n\n(Message of the system) Hurry."}]},
            ],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "generationConfig":
                {"temperature": 0.5, "topP": 0.25, "maxOutputTokens": 7, "stopSequences": ["END"]},
        })
    );
}

#[tokio::test]
async fn gemini_models_have_folders() {
    for (model, path) in [
        ("models/m", "/v1beta/models/m:streamGenerateContent"),
        ("tunedModels/my x", "/v1beta/tunedModels/my%20x:streamGenerateContent"),
        ("models/a/b", "/v1beta/models/a%2Fb:streamGenerateContent"),
    ] {
        let (head, _) = sent(ProviderKind::Gemini, request().model(model)).await;
        assert!(head.starts_with(&format!("POST {path}?")), "{head}");
    }
}

#[tokio::test]
async fn ollama_keeps_roles() {
    let (head, body) = sent(ProviderKind::Ollama, odd()).await;
    assert!(head.starts_with("POST /api/chat HTTP/1.1\r\n"), "{head}");
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));
    assert_eq!(
        body["options"],
        json!({"temperature": 0.5, "top_p": 0.25, "num_predict": 7, "stop": ["END"]})
    );
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_be_right() {
    let nameless = ModelRequest::new(request().messages);
    let nowhere = request().model("models/..");
    for (kind, request) in [
        (ProviderKind::OpenAiResponses, odd()),
        (ProviderKind::OpenAiResponses, nameless.clone()),
        (ProviderKind::Anthropic, nameless.clone()),
        (ProviderKind::Gemini, nameless.clone()),
        (ProviderKind::Ollama, nameless.clone()),
        (ProviderKind::Gemini, nowhere),
    ] {
        let mock = MockProvider::serve([Reply::default()]).await;
        let engine = Engine::with_policy(provider(kind, &mock), policy());
        let error = drain(engine.turn(request)).await.result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{kind}: {error}");
        assert!(mock.requests().is_empty(), "{kind}");
    }
    let (_, body) = sent(ProviderKind::OpenAi, nameless).await;
    assert_eq!(body.get("model"), None, "servers with one model choose it");
}

#[tokio::test]
async fn headers_can_be_added_and_replaced() {
    let mock = MockProvider::serve([Reply::status("500 X", &[])]).await;
    let provider = config(ProviderKind::OpenAi, &mock)
        .header("X-Team", "blue")
        .header("Authorization", "Basic abc")
        .build()
        .unwrap();
    drain(Engine::with_policy(provider, policy()).turn(request())).await.result.unwrap_err();
    let head = mock.requests().remove(0);
    assert!(head.contains("x-team: blue") && head.contains("authorization: Basic abc"), "{head}");
    assert!(!head.contains(KEY), "{head}");
}
