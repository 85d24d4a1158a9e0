//! The order of checks: of two faults in a request, the fault that is checked first is reported.

use std::sync::Arc;

use serde_json::{Value, json};
use worker_runtime::store::Store;

use crate::support::{
    FIRST_PIECE, SteppedStore, Verdict, World, and, cancel_turn, create, delete, send, send_keyed,
    stop, stop_runtime, update, without,
};

const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

fn elsewhere(worker: &Value) -> Value {
    and(worker.clone(), json!({ "runtime_id": NOBODY }))
}

fn nobody(worker: &Value) -> Value {
    and(worker.clone(), json!({ "worker_id": NOBODY }))
}

async fn check(world: &World, request: Value, code: &str) {
    let before = world.everything().await;
    let error = world.refused(request.clone()).await;
    assert_eq!(error["code"], code, "{request}: {error}");
    assert_eq!(world.everything().await, before, "{request}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_decode_comes_first() {
    let world = World::new().await;
    let worker = world.worker().await;
    let odd = json!({ "colour": "red" });
    check(&world, and(send(&elsewhere(&worker), "hi"), odd.clone()), "invalid_request").await;
    check(&world, and(send(&nobody(&worker), "hi"), odd), "invalid_request").await;
    let request = and(delete(&nobody(&worker)), json!({ "meta": "text" }));
    check(&world, request, "invalid_request").await;
}

#[tokio::test(start_paused = true)]
async fn authority_comes_before_everything_about_the_worker() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.running(&worker, FIRST_PIECE).await;
    let both = elsewhere(&nobody(&worker));
    check(&world, send(&both, ""), "wrong_runtime").await;
    check(&world, delete(&both), "wrong_runtime").await;
    check(&world, send(&nobody(&worker), ""), "worker_not_found").await;
    let unknown = json!({ "profile": { "type": "named", "name": "none" } });
    check(&world, and(update(&nobody(&worker)), unknown), "worker_not_found").await;
    let named = json!({ "turn_id": NOBODY, "reason": "" });
    check(&world, and(cancel_turn(&nobody(&worker)), named), "worker_not_found").await;
    // The deletion of a Worker that does not exist succeeds, whatever else is wrong.
    let request = and(delete(&nobody(&worker)), json!({ "meta": { "": "x" } }));
    assert_eq!(world.ok(request).await["already"], true);
}

#[tokio::test(start_paused = true)]
async fn queries_ask_for_authority_before_they_validate() {
    let world = World::new().await;
    let worker = world.worker().await;
    let wrong = |name: &str, more: Value| {
        [("wrong_runtime", elsewhere(&worker)), ("worker_not_found", nobody(&worker))].map(
            |(code, worker)| (code, and(json!({ "type": name, "worker": worker }), more.clone())),
        )
    };
    let queries = [
        wrong("get_worker", json!({})),
        wrong("get_turn", json!({ "turn": { "type": "latest" }, "wait_ms": 999_999_999 })),
        wrong("list_turns", json!({ "page": { "limit": 0 } })),
        wrong("get_transcript", json!({ "limit": 0 })),
    ];
    for (code, query) in queries.into_iter().flatten() {
        check(&world, query, code).await;
    }
    for (code, reference) in
        [("wrong_runtime", elsewhere(&worker)), ("worker_not_found", nobody(&worker))]
    {
        let scope = json!({ "type": "worker", "worker": reference });
        check(&world, json!({ "type": "read_events", "scope": scope, "limit": 0 }), code).await;
        check(&world, json!({ "type": "get_usage", "scope": scope }), code).await;
        let request = json!({ "scope": scope, "from": { "type": "after", "cursor": "rubbish" } });
        let error = world.subscribe(request).await.expect_err("refused");
        assert_eq!(error["code"], code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_or_a_conflict_comes_before_validation() {
    // The key was used under wider limits than those of the next Runtime.
    let store: Arc<dyn Store> = Arc::new(worker_runtime::store::MemoryStore::new());
    let ids = Arc::default();
    let wide = World::builder().store(Arc::clone(&store)).ids(Arc::clone(&ids)).build().await;
    let worker = wide.worker().await;
    let reply = wide.ok(send_keyed(&worker, "a long input", "k")).await;
    wide.finished(&worker, &reply["receipt"]["turn_id"]).await;
    wide.ok(and(stop_runtime(), json!({ "workers": "keep" }))).await;
    let mut end = wide.stream(&crate::support::runtime_scope()).await;
    crate::support::collect(&mut end, |item| item["type"] == "ended").await;
    let narrow = World::builder().store(store).ids(ids).limits(|limits| limits.input_bytes = 4);
    let narrow = narrow.build().await;
    let again = narrow.ok(send_keyed(&worker, "a long input", "k")).await;
    assert_eq!(again["replayed"], true);
    assert_eq!(again["receipt"], reply["receipt"]);
    assert_eq!(again["cursor"], reply["cursor"]);
    check(&narrow, send_keyed(&worker, "another input", "k"), "idempotency_conflict").await;
    check(&narrow, send_keyed(&worker, "another input", "l"), "too_large").await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_comes_before_validation_profile_and_state() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.ok(send_keyed(&worker, "hi", "k")).await;
    world.ok(and(create(), json!({ "idempotency_key": "k" }))).await;
    let bad = json!({ "idempotency_key": "k", "display_name": "" });
    check(&world, and(create(), bad), "idempotency_conflict").await;
    check(&world, send_keyed(&worker, "", "k"), "idempotency_conflict").await;
    check(&world, send_keyed(&worker, "other", "k"), "idempotency_conflict").await;
    let unknown = json!({ "type": "named", "name": "none" });
    let bad = json!({ "idempotency_key": "k", "profile": unknown });
    check(&world, and(create(), bad), "idempotency_conflict").await;
    world.ok(stop(&worker)).await;
    world.ok(stop_runtime()).await;
    check(&world, send_keyed(&worker, "other", "k"), "idempotency_conflict").await;
    assert_eq!(world.ok(send_keyed(&worker, "hi", "k")).await["replayed"], true);
}

#[tokio::test(start_paused = true)]
async fn validation_comes_before_what_is_not_found_and_before_states() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.running(&worker, FIRST_PIECE).await;
    let ended = world.worker().await;
    world.ok(stop(&ended)).await;
    let unknown = json!({ "type": "named", "name": "none" });
    let request = and(create(), json!({ "profile": unknown, "meta": { "": "x" } }));
    check(&world, request, "invalid_request").await;
    let request = and(update(&worker), json!({ "profile": unknown, "display_name": "a@b" }));
    check(&world, request, "invalid_request").await;
    let request = and(cancel_turn(&worker), json!({ "turn_id": NOBODY, "reason": "" }));
    check(&world, request, "invalid_request").await;
    for worker in [&worker, &ended] {
        check(&world, send(worker, ""), "invalid_request").await;
        check(&world, and(stop(worker), json!({ "reason": "" })), "invalid_request").await;
        check(&world, and(delete(worker), json!({ "meta": { "": "x" } })), "invalid_request").await;
    }
    world.ok(stop_runtime()).await;
    check(&world, send(&worker, ""), "invalid_request").await;
    check(&world, and(create(), json!({ "display_name": " " })), "invalid_request").await;
    check(&world, and(create(), json!({ "profile": unknown })), "profile_not_found").await;
    let again = and(stop_runtime(), json!({ "reason": "" }));
    check(&world, again, "invalid_request").await;
}

#[tokio::test(start_paused = true)]
async fn the_runtimes_state_comes_before_the_workers_claims_and_room() {
    let world = World::limited(|limits| limits.workers = 3).await;
    let claims = json!({ "scope_claims": [{ "resource": "a", "access": "exclusive" }] });
    let busy = world.worker_with(claims.clone()).await;
    world.running(&busy, FIRST_PIECE).await;
    let stopping = world.worker().await;
    world.running(&stopping, FIRST_PIECE).await;
    world.ok(stop(&stopping)).await;
    let ended = world.worker().await;
    world.ok(stop(&ended)).await;
    // A claim conflict is reported before exhausted capacity.
    check(&world, and(create(), claims.clone()), "scope_conflict").await;
    check(&world, create(), "capacity_exhausted").await;
    world.ok(stop_runtime()).await;
    for worker in [&busy, &stopping, &ended] {
        check(&world, send(worker, "hi"), "runtime_stopping").await;
    }
    check(&world, and(create(), claims), "runtime_stopping").await;
}

#[tokio::test(start_paused = true)]
async fn once_stopped_the_runtime_comes_before_a_worker_that_is_not_terminal() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.ok(and(stop_runtime(), json!({ "workers": "keep" }))).await;
    let mut end = world.stream(&crate::support::runtime_scope()).await;
    crate::support::collect(&mut end, |item| item["type"] == "ended").await;
    assert_eq!(world.state(&worker).await, "idle");
    check(&world, delete(&worker), "runtime_stopped").await;
    check(&world, send(&worker, "hi"), "runtime_stopped").await;
    let error = world.refused(stop(&worker)).await;
    assert_eq!(error["code"], "runtime_stopped", "stopping a kept Worker would change something");
}

#[tokio::test(start_paused = true)]
async fn the_workers_state_comes_before_room() {
    let world =
        World::limited(|limits| (limits.transcript_entries, limits.turns_in_flight) = (1, 1)).await;
    let worker = world.worker().await;
    check(&world, send(&worker, "hi"), "capacity_exhausted").await;
    world.ok(stop(&worker)).await;
    check(&world, send(&worker, "hi"), "worker_ended").await;
}

#[tokio::test(start_paused = true)]
async fn the_store_comes_last() {
    let store = SteppedStore::new(Arc::default());
    let builder = World::builder().store(store.as_store());
    let world =
        builder.limits(|limits| (limits.workers, limits.turns_in_flight) = (2, 1)).build().await;
    let [busy, idle] = [world.worker().await, world.worker().await];
    world.running(&busy, FIRST_PIECE).await;
    store.next([Verdict::Refused]);
    let commits = store.commits();
    check(&world, send(&idle, "hi"), "capacity_exhausted").await;
    check(&world, create(), "capacity_exhausted").await;
    check(&world, send(&busy, "hi"), "worker_busy").await;
    check(&world, send(&busy, ""), "invalid_request").await;
    assert_eq!(store.commits(), commits, "nothing refused reaches the store");
    let before = world.everything().await;
    assert_eq!(world.refused(stop(&idle)).await["code"], "store_failed");
    let unlike = |overview: Value| without(overview, ["runtime", "diagnostics"]);
    assert_eq!(unlike(world.everything().await), unlike(before));
}
