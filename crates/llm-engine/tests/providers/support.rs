//! Runs turns of real providers.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::{
    Deadlines, Engine, EngineError, Message, ModelRequest, Policy, Provider, RetryPolicy,
    StopReason, TokenUsage, Turn, TurnEvent,
    providers::{Protocol, ProviderConfig, ProviderKind},
};
use mock_provider::{MockProvider, Reply};

/// A key that no error, log or `Debug` may show.
pub(crate) const KEY: &str = "sk-secret-0123456789";

/// A text that answers hold where only the words of the provider may repeat them.
pub(crate) const BODY: &str = "raw-body";

pub(crate) fn config(kind: ProviderKind, mock: &MockProvider) -> ProviderConfig {
    let path = match kind.protocol() {
        Protocol::ChatCompletions | Protocol::Responses => "/v1",
        Protocol::Messages | Protocol::GenerateContent | Protocol::OllamaChat => "",
    };
    ProviderConfig::new(kind).base_url(format!("{}{path}", mock.origin())).api_key(KEY)
}

pub(crate) fn provider(kind: ProviderKind, mock: &MockProvider) -> Arc<dyn Provider> {
    config(kind, mock).build().unwrap()
}

pub(crate) fn request() -> ModelRequest {
    ModelRequest::new(vec![Message::user("hello")]).model("m")
}

/// One call, on deadlines that are short and yet long enough for a busy machine.
pub(crate) fn policy() -> Policy {
    let deadlines = Deadlines::default()
        .first_event(Duration::from_secs(10))
        .idle(Duration::from_secs(10))
        .turn(Duration::from_secs(20));
    Policy::default().deadlines(deadlines).retry(RetryPolicy::default().max_retries(0))
}

/// The same for answers that stop coming.
pub(crate) fn impatient() -> Policy {
    let limit = Duration::from_millis(300);
    policy().deadlines(policy().deadlines.first_event(limit).idle(limit))
}

pub(crate) fn turn(provider: Arc<dyn Provider>, policy: Policy) -> Turn {
    Engine::with_policy(provider, policy).turn(request())
}

/// What came of a turn.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) usage: TokenUsage,
    pub(crate) result: Result<StopReason, EngineError>,
    pub(crate) retries: Vec<Duration>,
}

pub(crate) async fn drain(mut turn: Turn) -> Outcome {
    let (mut text, mut reasoning, mut retries) = (String::new(), String::new(), Vec::new());
    while let Some(event) = turn.next().await {
        let (result, usage) = match event {
            TurnEvent::Started
            | TurnEvent::Usage(_)
            | TurnEvent::CallBegan { .. }
            | TurnEvent::CallArguments { .. }
            | TurnEvent::CallComplete { .. }
            | TurnEvent::Opaque(_) => continue,
            TurnEvent::TextDelta(more) => {
                text.push_str(&more);
                continue;
            }
            TurnEvent::ReasoningDelta(more) => {
                reasoning.push_str(&more);
                continue;
            }
            TurnEvent::Retrying { delay, .. } => {
                retries.push(delay);
                continue;
            }
            TurnEvent::Completed { stop_reason, usage, .. } => (Ok(stop_reason), usage),
            TurnEvent::Failed { error, usage, .. } => (Err(error), usage),
            other => panic!("nobody cancelled: {other:?}"),
        };
        if let Err(error) = &result {
            let shown = format!("{error} {error:?}").to_lowercase();
            assert!(!shown.contains(KEY), "{shown}");
            assert!(!error.to_string().contains(BODY), "{error}");
        }
        return Outcome { text, reasoning, usage, result, retries };
    }
    panic!("the turn has no end");
}

/// What comes of one call that is answered by `reply`.
pub(crate) async fn outcome(kind: ProviderKind, reply: Reply, policy: Policy) -> Outcome {
    let mock = MockProvider::serve([reply]).await;
    drain(turn(provider(kind, &mock), policy)).await
}

/// The tokens of every whole answer in [`mock_provider::answers`].
pub(crate) fn counted(reasoning_tokens: Option<u64>) -> TokenUsage {
    let mut usage = TokenUsage::new().input(40).cached_input(32).output(5);
    usage.reasoning_tokens = reasoning_tokens.map(u64::into);
    usage
}
