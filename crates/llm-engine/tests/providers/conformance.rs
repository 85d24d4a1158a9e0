//! Every real provider keeps the contract.

use llm_engine::{
    conformance::{Subject, run},
    providers::{Protocol, ProviderKind},
};
use mock_provider::{
    MockProvider, Reply,
    answers::{
        ANTHROPIC, ANTHROPIC_CALLS, CHAT, CHAT_CALLS, GEMINI, GEMINI_CALLS, OLLAMA, OLLAMA_CALLS,
        RESPONSES, RESPONSES_CALLS,
    },
};

use crate::{calling::framed, support::provider};

#[tokio::test]
async fn on_one_thread() {
    check_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads() {
    check_all().await;
}

async fn check_all() {
    for kind in ProviderKind::ALL {
        for has_calls in [false, true] {
            let mock = MockProvider::serve([answer(kind, has_calls).end()]).await;
            let subject = || Subject::new(provider(kind, &mock)).model("m").probe(mock.at_work());
            assert_eq!(run(subject).await, Ok(()), "{kind}");
        }
    }
}

/// A text, or two calls of a tool.
fn answer(kind: ProviderKind, has_calls: bool) -> Reply {
    let (text, calls): (&[&str], &[&str]) = match kind.protocol() {
        Protocol::ChatCompletions => (&CHAT, &CHAT_CALLS),
        Protocol::Responses => (&RESPONSES, &RESPONSES_CALLS),
        Protocol::Messages => (&ANTHROPIC, &ANTHROPIC_CALLS),
        Protocol::GenerateContent => (&GEMINI, &GEMINI_CALLS),
        Protocol::OllamaChat => (&OLLAMA, &OLLAMA_CALLS),
    };
    framed(kind, if has_calls { calls } else { text })
}
