//! Limits of durations.

use std::{sync::Arc, time::Duration};

use llm_engine::{Policy, RetryPolicy, Script, ScriptedProvider};
use serde_json::{Value, json};
use tokio::time::Instant;
use worker_runtime::{Limits, Profile};

use crate::support::{
    SteppedStore, Verdict, World, and, create, get_turn, read_events, scope_of, send, send_keyed,
};

pub(super) async fn idempotency_age_ms() {
    let world = World::limited(|limits| limits.idempotency_age_ms = 1000).await;
    let worker = world.worker().await;
    let sent = send_keyed(&worker, "hi", "k");
    let created = and(create(), json!({ "idempotency_key": "k" }));
    let reply = world.ok(sent.clone()).await;
    world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    world.ok(created.clone()).await;
    world.clock.advance(1000);
    assert_eq!(world.ok(sent.clone()).await["replayed"], true);
    assert_eq!(world.ok(created.clone()).await["replayed"], true);
    world.clock.advance(1);
    assert_eq!(world.ok(sent).await["replayed"], false);
    assert_eq!(world.ok(created).await["replayed"], false);
}

/// Runs a turn of `script` without retries, and checks the turn's outcome.
async fn check_turn(limits: impl FnOnce(&mut Limits), script: Script, outcome: &str) {
    let provider = ScriptedProvider::new().script(script);
    let policy = Policy::default().retry(RetryPolicy::default().max_retries(0));
    let patient = Profile::new("patient", Arc::new(provider)).policy(policy);
    let world =
        World::builder().limits(limits).with(|builder| builder.profile(patient)).build().await;
    let worker = world.worker().await;
    let turn_id = world.turn(&worker, "hi").await;
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["turn"]["outcome"], outcome, "{turn}");
    if outcome == "failed" {
        assert_eq!(turn["turn"]["error"]["kind"], "timeout", "{turn}");
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) async fn turn_ms() {
    let script = |pause: u64| Script::new().text("a").delay(ms(pause)).text("b").finish();
    check_turn(|limits| limits.turn_ms = 1000, script(999), "completed").await;
    check_turn(|limits| limits.turn_ms = 1000, script(1001), "failed").await;
}

pub(super) async fn turn_first_event_ms() {
    let script = |pause: u64| Script::new().delay(ms(pause)).text("b").finish();
    check_turn(|limits| limits.turn_first_event_ms = 1000, script(999), "completed").await;
    check_turn(|limits| limits.turn_first_event_ms = 1000, script(1001), "failed").await;
}

pub(super) async fn turn_idle_ms() {
    let script = |pause: u64| {
        Script::new().text("a").delay(ms(900)).text("b").delay(ms(pause)).text("c").finish()
    };
    check_turn(|limits| limits.turn_idle_ms = 1000, script(999), "completed").await;
    check_turn(|limits| limits.turn_idle_ms = 1000, script(1001), "failed").await;
}

pub(super) async fn wait_ms() {
    let world = World::limited(|limits| limits.wait_ms = 5000).await;
    let [busy, idle] = [world.worker().await, world.worker().await];
    let reply = world.ok(send(&busy, "hi")).await;
    let turn = get_turn(&busy, &reply["receipt"]["turn_id"]);
    let events = and(read_events(&scope_of(&idle)), json!({ "from": { "type": "now" } }));
    let waiting = |query: &Value, wait: u64| and(query.clone(), json!({ "wait_ms": wait }));
    let began = Instant::now();
    for query in [&turn, &events] {
        let error = world.refused(waiting(query, 5001)).await;
        assert_eq!(error["code"], "limit_out_of_range");
        assert_eq!(error["field"], "wait_ms");
        assert_eq!((&error["min"], &error["max"]), (&json!(0), &json!(5000)));
        world.ok(waiting(query, 0)).await;
    }
    assert_eq!(began.elapsed(), ms(0));
    let reply = world.ok(waiting(&turn, 5000)).await;
    assert_eq!(reply["turn"].get("outcome"), None, "when the time is up, with what there is");
    assert_eq!(began.elapsed(), ms(5000));
    let reply = world.ok(waiting(&events, 5000)).await;
    assert_eq!((&reply["items"], &reply["more"]), (&json!([]), &json!(false)));
    assert_eq!(began.elapsed(), ms(10_000));
}

pub(super) async fn commit_ms() {
    let store = SteppedStore::new(Arc::default());
    let builder = World::builder().store(store.as_store());
    let world = builder.limits(|limits| limits.commit_ms = 1000).build().await;
    let worker = world.worker().await;
    store.next([Verdict::Held]);
    let began = Instant::now();
    let (reply, ()) = tokio::join!(world.ok(send(&worker, "hi")), async {
        tokio::time::sleep(ms(999)).await;
        store.release_one();
    });
    assert_eq!(reply["replayed"], false);
    world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    store.next([Verdict::Held]);
    let began = began + began.elapsed();
    let error = world.refused(send(&worker, "hi")).await;
    assert_eq!(began.elapsed(), ms(1000));
    assert_eq!((&error["code"], &error["certain"]), (&json!("store_failed"), &json!(false)));
}
