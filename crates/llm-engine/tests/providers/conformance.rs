//! Every real provider keeps the contract.

use llm_engine::{
    conformance::{Subject, run},
    providers::{Protocol, ProviderKind},
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
        let reply = match kind.protocol() {
            Protocol::ChatCompletions => Reply::events(&CHAT),
            Protocol::Responses => Reply::events(&RESPONSES),
            Protocol::Messages => Reply::events(&ANTHROPIC),
            Protocol::GenerateContent => Reply::events(&GEMINI),
            Protocol::OllamaChat => Reply::lines(&OLLAMA),
        };
        let mock = MockProvider::serve([reply.end()]).await;
        let subject = || Subject::new(provider(kind, &mock)).model("m").probe(mock.at_work());
        assert_eq!(run(subject).await, Ok(()), "{kind}");
    }
}
