//! A call takes the connection of an earlier one, and nothing of an answer is waited for in vain.

use std::{sync::Arc, time::Duration};

use llm_engine::{StopReason, providers::ProviderKind};
use mock_provider::{MockProvider, Reply, answers::CHAT};

use crate::support::{drain, policy, provider, turn};

#[tokio::test]
async fn a_connection_is_used_again_though_the_answer_ends_a_little_late() {
    let late = Reply::events(&CHAT).wait(Duration::from_millis(1)).end().kept();
    let mock = MockProvider::serve([late]).await;
    let provider = provider(ProviderKind::OpenAi, &mock);
    for _ in 0..50 {
        let outcome = drain(turn(Arc::clone(&provider), policy())).await;
        assert_eq!(outcome.result, Ok(StopReason::EndTurn));
    }
    // A busy machine may let a call give up waiting now and then.
    assert!(mock.connections() < 10, "{} connections", mock.connections());
}

#[tokio::test]
async fn a_server_that_holds_an_answer_open_is_left() {
    let mock = MockProvider::serve([Reply::events(&CHAT).hang()]).await;
    let outcome = drain(turn(provider(ProviderKind::OpenAi, &mock), policy())).await;
    assert_eq!(outcome.result, Ok(StopReason::EndTurn));
    mock.wait_for_leavers(1).await;
}
