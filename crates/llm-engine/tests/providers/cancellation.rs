//! A call that is given up closes its connection, so that the server stops working.

use futures_util::StreamExt;
use llm_engine::{Engine, TurnEvent, TurnRequest, providers::ProviderKind};
use mock_provider::{
    MockProvider, Reply,
    answers::{CHAT_HEL, CHAT_USAGE},
};
use tokio_util::sync::CancellationToken;

use crate::support::{counted, policy, provider, request, turn};

#[tokio::test]
async fn a_cancelled_turn_keeps_its_text_and_its_tokens() {
    let mock = MockProvider::serve([Reply::events(&[CHAT_USAGE, CHAT_HEL]).hang()]).await;
    let engine = Engine::with_policy(provider(ProviderKind::OpenAi, &mock), policy());
    let token = CancellationToken::new();
    let mut turn = engine.turn(TurnRequest::from(request()).cancelled_by(token.clone()));
    let mut text = String::new();
    while let Some(event) = turn.next().await {
        match event {
            TurnEvent::TextDelta(delta) => {
                text.push_str(&delta);
                token.cancel();
            }
            TurnEvent::Cancelled { usage } => {
                assert_eq!((&*text, usage), ("Hel", counted(Some(3))));
            }
            TurnEvent::Usage(usage) => assert_eq!(usage, counted(Some(3))),
            other => assert_eq!(other, TurnEvent::Started),
        }
    }
    mock.wait_for_leavers(1).await;
}

#[tokio::test]
async fn a_dropped_turn_leaves_wherever_it_stands() {
    for (reply, events) in [
        (Reply::events(&[CHAT_HEL]).hang(), 2),
        (Reply::events(&[]).hang(), 1),
        (Reply::default().hang(), 1),
    ] {
        let mock = MockProvider::serve([reply]).await;
        let mut turn = turn(provider(ProviderKind::OpenAi, &mock), policy());
        for _ in 0..events {
            turn.next().await;
        }
        let at_work = mock.at_work();
        let mut polls = tokio::time::interval(std::time::Duration::from_millis(2));
        while at_work() == 0 {
            tokio::select! {
                event = turn.next() => panic!("{event:?}"),
                _ = polls.tick() => {}
            }
        }
        drop(turn);
        mock.wait_for_leavers(1).await;
    }
}
