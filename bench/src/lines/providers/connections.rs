//! The connections for many turns, if the server ends each answer a little after its last event.

use std::time::Duration;

use llm_engine::{
    Engine, Message, ModelRequest, TurnEnd,
    providers::{ProviderConfig, ProviderKind},
};
use mock_provider::{MockProvider, Reply, answers};
use tokio::runtime::Builder;

use crate::table::Row;

const CONVERSATIONS: usize = 32;
const TURNS: usize = 50;

/// The number of pieces of an answer's text.
const DELTAS: usize = 20;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let tokio = Builder::new_multi_thread().enable_all().build().expect("a tokio runtime");
    let connections = tokio.block_on(async {
        let server = MockProvider::serve([late()]).await;
        let provider = ProviderConfig::new(ProviderKind::OpenAi)
            .base_url(format!("{}/v1", server.origin()))
            .build()
            .expect("a provider");
        let engine = Engine::new(provider);
        let talks: Vec<_> =
            (0..CONVERSATIONS).map(|_| tokio::spawn(talk(engine.clone()))).collect();
        for talk in talks {
            talk.await.expect("every turn is complete");
        }
        server.connections()
    });
    let what = format!(
        "{} turns of {CONVERSATIONS} conversations, whose answers end 1 ms late",
        CONVERSATIONS * TURNS
    );
    vec![Row::absolute(what, connections as f64, "connections", 40.0)]
}

/// An answer whose body ends after its last event.
fn late() -> Reply {
    let text = std::iter::repeat_n(answers::CHAT_HEL, DELTAS);
    let events: Vec<_> = text.chain([answers::CHAT_STOP, answers::CHAT_USAGE, "[DONE]"]).collect();
    Reply::events(&events).wait(Duration::from_millis(1)).end().kept()
}

async fn talk(engine: Engine) {
    for _ in 0..TURNS {
        let request = ModelRequest::new(vec![Message::user("hello")]).model("m");
        let answer = engine.turn(request).collect_answer().await;
        assert!(matches!(answer.end, TurnEnd::Completed(_)), "{:?}", answer.end);
    }
}
