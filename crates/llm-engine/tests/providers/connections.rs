//! A call takes the connection of an earlier one, and nothing of an answer is waited for in vain.

use std::{sync::Arc, time::Duration};

use llm_engine::{ErrorKind, StopReason, providers::ProviderKind};
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
async fn a_connection_that_the_server_closes_without_a_word_costs_no_retry() {
    let whole = Reply::events(&CHAT).end().kept();
    // The second request meets a connection that the server closes, the last one a new one.
    let gone = Reply::default();
    let mock =
        MockProvider::serve([whole.clone(), gone.clone(), whole.clone(), gone.clone(), gone]);
    let mock = mock.await;
    let provider = provider(ProviderKind::OpenAi, &mock);
    let turn = || drain(turn(Arc::clone(&provider), policy()));
    for _ in 0..2 {
        assert_eq!(turn().await.result, Ok(StopReason::EndTurn));
    }
    assert_eq!((mock.requests().len(), mock.connections()), (3, 2));
    // A new connection that is closed as well is an error.
    assert_eq!(turn().await.result.unwrap_err().kind, ErrorKind::Connection);
    assert_eq!((mock.requests().len(), mock.connections()), (5, 3));
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_asked_twice_however_many_it_had() {
    let whole = Reply::events(&CHAT).wait(Duration::from_millis(100)).end().kept();
    let replies = vec![whole.clone(), whole.clone(), whole.clone(), whole, Reply::default()];
    let mock = MockProvider::serve(replies).await;
    let provider = provider(ProviderKind::OpenAi, &mock);
    let turn = || drain(turn(Arc::clone(&provider), policy()));
    let (one, two, three, four) = tokio::join!(turn(), turn(), turn(), turn());
    assert!([one, two, three, four].iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(mock.connections(), 4);
    // The time in which the responses come to their end.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(turn().await.result.unwrap_err().kind, ErrorKind::Connection);
    assert_eq!(mock.requests().len(), 6);
}

#[tokio::test]
async fn a_server_that_holds_an_answer_open_is_left() {
    let mock = MockProvider::serve([Reply::events(&CHAT).hang()]).await;
    let outcome = drain(turn(provider(ProviderKind::OpenAi, &mock), policy())).await;
    assert_eq!(outcome.result, Ok(StopReason::EndTurn));
    mock.wait_for_leavers(1).await;
}
