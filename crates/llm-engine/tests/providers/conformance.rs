//! Every real provider keeps the contract.

use llm_engine::{
    conformance::{Subject, run},
    providers::ProviderKind,
};
use mock_provider::{
    MockProvider, Reply,
    answers::{ANTHROPIC, CHAT, GEMINI, OLLAMA, RESPONSES},
};

use crate::support::provider;

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
        let reply = match kind {
            ProviderKind::OpenAi => Reply::events(&CHAT),
            ProviderKind::OpenAiResponses => Reply::events(&RESPONSES),
            ProviderKind::Anthropic => Reply::events(&ANTHROPIC),
            ProviderKind::Gemini => Reply::events(&GEMINI),
            ProviderKind::Ollama => Reply::lines(&OLLAMA),
        };
        let mock = MockProvider::serve([reply.end()]).await;
        let subject = || Subject::new(provider(kind, &mock)).model("m").probe(mock.at_work());
        assert_eq!(run(subject).await, Ok(()), "{kind}");
    }
}
