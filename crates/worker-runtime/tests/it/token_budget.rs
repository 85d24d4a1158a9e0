//! The token budget of a Worker's history is corrected by the token counts of the provider.

use std::sync::Arc;

use futures_util::stream;
use llm_engine::{
    ModelRequest, Provider, ProviderEvent, ProviderStream, ScriptedProvider, StopReason, TokenUsage,
};
use worker::HistoryBudget;
use worker_runtime::Profile;

use crate::support::World;

/// A provider that answers with 60 bytes, counts each byte as a token, and records the requests.
#[derive(Clone, Default)]
struct ByteCounter(ScriptedProvider);

impl Provider for ByteCounter {
    fn name(&self) -> &'static str {
        "byte-counter"
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        let bytes: usize = request.messages.iter().map(|message| message.text.len()).sum();
        drop(self.0.stream(request));
        let usage = TokenUsage::new().input(bytes as u64).output(60);
        Box::pin(stream::iter([
            Ok(ProviderEvent::TextDelta("b".repeat(60))),
            Ok(ProviderEvent::Finished { stop_reason: StopReason::EndTurn, usage }),
        ]))
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_given_no_more_history_than_the_turn_before_it_teaches() {
    let provider = ByteCounter::default();
    let budget = HistoryBudget { max_tokens: Some(100), ..HistoryBudget::default() };
    let profile = Profile::new("counting", Arc::new(provider.clone())).history(budget);
    let world = World::builder().with(|builder| builder.profile(profile)).build().await;
    let worker = world.worker().await;
    for bytes in [100, 30, 30] {
        world.turn(&worker, &"a".repeat(bytes)).await;
    }
    let requests = provider.0.requests();
    let given: Vec<usize> = requests.iter().map(|request| request.messages.len()).collect();
    // With the initial estimate of four bytes per token, a hundred tokens hold all messages.
    assert_eq!(given, [1, 2, 2]);
}
