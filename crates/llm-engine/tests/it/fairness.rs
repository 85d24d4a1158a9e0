//! A turn leaves room for others, and can go anywhere.

use futures_util::{FutureExt, Stream, StreamExt};
use llm_engine::{EchoProvider, Engine, ProviderEvent, Script, ScriptedProvider, Turn, TurnEvent};
use tokio::task::{JoinHandle, spawn, yield_now};

use crate::support::{once, turn};

/// Whether another task of the same thread gets its turns while `script` floods.
async fn check_others_run(script: Script) {
    let provider = ScriptedProvider::new().script(script);
    let policy = once().max_output_bytes(usize::MAX);
    check_yields(&provider, spawn(turn(&provider, policy).for_each(|_| async {}))).await;
}

async fn check_yields(provider: &ScriptedProvider, flood: JoinHandle<()>) {
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(provider.live(), 1);
    flood.abort();
    assert!(flood.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(provider.live(), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_flood_starves_nobody() {
    check_others_run(Script::new().flood("a")).await;
    check_others_run(Script::new().flood("")).await;
    check_others_run(Script::new().flood_with(ProviderEvent::Heartbeat)).await;
}

#[test]
fn deltas_come_in_bursts() {
    let mut turn = turn(&ScriptedProvider::new().script(Script::new().flood("a")), once());
    let mut bursts = Vec::new();
    for _ in 0..3 {
        let mut burst = 0;
        while turn.next().now_or_never().is_some() {
            burst += 1;
        }
        bursts.push(burst);
    }
    assert!(bursts.iter().all(|burst| (64..=1024).contains(burst)), "{bursts:?}");
}

#[test]
fn a_turn_can_be_held_and_sent() {
    fn check<T: Stream<Item = TurnEvent> + Send + Unpin + 'static>(_: &T) {}
    let engine = Engine::new(std::sync::Arc::new(EchoProvider::new()));
    check::<Turn>(&engine.clone().turn(crate::support::asking("hi")));
    assert!(format!("{engine:?}").contains("echo"));
}
