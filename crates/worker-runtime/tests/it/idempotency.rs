//! Idempotency: a command that is sent twice takes effect once.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    FIRST_PIECE, SteppedStore, Verdict, World, and, at_once, cancel_turn, cancel_worker, create,
    delete, get_turn_by_key, scope_of, send, send_keyed, stop, without,
};

fn keyed(key: &str) -> Value {
    and(create(), json!({ "idempotency_key": key }))
}

/// Checks that `request` returns the receipt and cursor of `first` again, and leaves no trace.
async fn check_replay(world: &World, request: &Value, first: &Value) {
    let before = world.everything().await;
    let again = world.ok(request.clone()).await;
    assert_eq!(again["replayed"], true);
    assert_eq!(again.get("receipt"), first.get("receipt"));
    assert_eq!(again["cursor"], first["cursor"]);
    assert_eq!(world.everything().await, before);
}

#[tokio::test(start_paused = true)]
async fn an_input_is_replayed_while_its_turn_runs_and_ever_after() {
    let world = World::new().await;
    let worker = world.worker().await;
    let request = send_keyed(&worker, "hi", "k");
    let first = world.ok(request.clone()).await;
    assert_eq!(first["replayed"], false);
    world.streamed(&worker, FIRST_PIECE).await;
    check_replay(&world, &request, &first).await;
    world.finished(&worker, &first["receipt"]["turn_id"]).await;
    check_replay(&world, &request, &first).await;
    world.running(&worker, FIRST_PIECE).await;
    check_replay(&world, &request, &first).await;
    world.ok(stop(&worker)).await;
    check_replay(&world, &request, &first).await;
    world.ok(cancel_worker(&worker)).await;
    check_replay(&world, &request, &first).await;
    world.ok(delete(&worker)).await;
    assert_eq!(world.refused(request).await["code"], "worker_not_found");
}

#[tokio::test(start_paused = true)]
async fn a_replayed_cursor_shows_everything_that_the_first_one_caused() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.turn(&worker, "earlier").await;
    let request = send_keyed(&worker, "hi", "k");
    let first = world.ok(request.clone()).await;
    world.finished(&worker, &first["receipt"]["turn_id"]).await;
    let again = world.ok(request).await;
    let events = world.events_after(&scope_of(&worker), &again["cursor"]).await;
    assert_eq!(events[0]["type"], "input_accepted");
    assert_eq!(events[0]["idempotency_key"], "k");
    assert_eq!(events.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn another_body_is_a_conflict_and_meta_is_no_part_of_it() {
    let world = World::new().await;
    let worker = world.worker().await;
    let request = and(send_keyed(&worker, "hi", "k"), json!({ "meta": { "try": "1" } }));
    let first = world.ok(request.clone()).await;
    for same in [
        and(request.clone(), json!({ "meta": { "try": "2" } })),
        without(request.clone(), ["meta"]),
        and(request.clone(), json!({ "meta": null })),
    ] {
        check_replay(&world, &same, &first).await;
    }
    let before = world.everything().await;
    for other in [
        send_keyed(&worker, "hi!", "k"),
        and(request.clone(), json!({ "input": { "kind": "system", "text": "hi" } })),
    ] {
        let error = world.refused(other).await;
        assert_eq!(error["code"], "idempotency_conflict");
        assert_eq!(error["retry"], json!({ "type": "never" }));
    }
    assert_eq!(world.everything().await, before);
    check_replay(&world, &request, &first).await;
}

#[tokio::test(start_paused = true)]
async fn bodies_are_compared_decoded() {
    let world = World::new().await;
    let worker = world.worker().await;
    let first = world.ok(send_keyed(&worker, "h\u{e9}", "k")).await;
    let upper = |id: &Value| id.as_str().expect("an id").to_uppercase();
    let other_spelling = format!(
        r#" {{ "idempotency_key": "k", "input": {{"text":"h\u00e9", "kind":"user"}}, "meta": null,
             "worker": {{"worker_id": "{}", "runtime_id": "{}"}}, "type": "send_input" }} "#,
        upper(&worker["worker_id"]),
        upper(&worker["runtime_id"]),
    );
    let again = world.call_text(&other_spelling).await.expect("accepted");
    assert_eq!(again["replayed"], true);
    assert_eq!(again["receipt"], first["receipt"]);
}

#[tokio::test(start_paused = true)]
async fn keys_of_different_workers_and_of_creations_do_not_meet() {
    let world = World::new().await;
    let [one, two] = [world.worker().await, world.worker().await];
    let replies = [
        world.ok(send_keyed(&one, "hi", "k")).await,
        world.ok(send_keyed(&two, "something else", "k")).await,
        world.ok(keyed("k")).await,
    ];
    assert!(replies.iter().all(|reply| reply["replayed"] == false));
}

#[tokio::test(start_paused = true)]
async fn a_replayed_creation_shows_the_worker_as_it_is_now() {
    let world = World::new().await;
    let request = and(keyed("k"), json!({ "initial_input": { "kind": "user", "text": "hi" } }));
    let first = world.ok(request.clone()).await;
    let worker = first["detail"]["worker"].clone();
    check_replay(&world, &request, &first).await;
    world.finished(&worker, &first["receipt"]["turn_id"]).await;
    world.ok(stop(&worker)).await;
    let again = world.ok(request.clone()).await;
    assert_eq!(again["detail"], world.detail(&worker).await);
    assert_eq!(again["detail"]["state"], "stopped");
    check_replay(&world, &request, &first).await;
    let other = and(request.clone(), json!({ "display_name": "Ada" }));
    assert_eq!(world.refused(other.clone()).await["code"], "idempotency_conflict");
    world.ok(delete(&worker)).await;
    assert_eq!(world.refused(request).await["code"], "worker_not_found");
    assert_eq!(world.refused(other).await["code"], "idempotency_conflict");
}

#[tokio::test(start_paused = true)]
async fn a_creation_without_input_is_replayed_without_a_receipt() {
    let world = World::new().await;
    let first = world.ok(keyed("k")).await;
    check_replay(&world, &keyed("k"), &first).await;
    assert_eq!(
        world.ok(json!({ "type": "list_workers" })).await["items"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test(start_paused = true)]
async fn inputs_sent_at_once_with_one_key_act_once() {
    let world = World::new().await;
    let worker = world.worker().await;
    let request = || world.ok(send_keyed(&worker, "hi", "k"));
    let (one, two, three) = tokio::join!(request(), request(), request());
    assert_eq!(one["receipt"], two["receipt"]);
    assert_eq!(one["receipt"], three["receipt"]);
    let firsts = [&one, &two, &three].iter().filter(|reply| reply["replayed"] == false).count();
    assert_eq!(firsts, 1);
    assert_eq!(world.transcript(&worker).await["total"], 1);
}

#[tokio::test(start_paused = true)]
async fn creations_at_once_with_one_key_act_once_on_a_slow_store() {
    use crate::support::{SteppedStore, Verdict};
    let store = SteppedStore::new(std::sync::Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    store.next([Verdict::Held]);
    let (one, two, ()) = tokio::join!(world.ok(keyed("k")), world.ok(keyed("k")), async {
        tokio::task::yield_now().await;
        store.release_one();
    });
    assert_eq!(one["detail"], two["detail"]);
    assert_ne!(one["replayed"], two["replayed"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_found_by_its_key() {
    let world = World::new().await;
    let input = json!({ "initial_input": { "kind": "user", "text": "hi" } });
    let created = world.ok(and(keyed("create"), input)).await;
    let worker = &created["detail"]["worker"];
    world.finished(worker, &created["receipt"]["turn_id"]).await;
    let sent = world.ok(send_keyed(worker, "again", "send")).await;
    let by_key = |key: &str| get_turn_by_key(worker, key);
    for (key, reply) in [("create", &created), ("send", &sent)] {
        let found = world.ok(by_key(key)).await;
        assert_eq!(found["turn"]["turn_id"], reply["receipt"]["turn_id"], "{key}");
        assert_eq!(found["turn"]["idempotency_key"], key);
    }
    let waited = world.ok(and(by_key("send"), json!({ "wait_ms": 60_000 }))).await;
    assert_eq!(waited["turn"]["outcome"], "completed");
    assert_eq!(world.refused(by_key("none")).await["code"], "turn_not_found");
    let both = json!({ "type": "key", "idempotency_key": "send", "turn_id": worker["worker_id"] });
    for turn in [both, json!({ "type": "key" }), json!({ "type": "first" }), json!("latest")] {
        let request = json!({ "type": "get_turn", "worker": worker, "turn": turn });
        assert_eq!(world.refused(request).await["code"], "invalid_request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_used_again_after_its_window_finds_the_latest_turn() {
    let world = World::limited(|limits| limits.idempotency_keys = 1).await;
    let worker = world.worker().await;
    let mut last = Value::Null;
    for key in ["a", "b", "a"] {
        last = world.ok(send_keyed(&worker, "hi", key)).await["receipt"]["turn_id"].clone();
        world.finished(&worker, &last).await;
    }
    let query = get_turn_by_key(&worker, "a");
    assert_eq!(world.ok(query).await["turn"]["turn_id"], last);
    let query = get_turn_by_key(&worker, "b");
    assert_eq!(world.ok(query).await["turn"]["input_sequence"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_turn_is_replayed_too() {
    let world = World::new().await;
    let worker = world.worker().await;
    let request = send_keyed(&worker, "hi", "k");
    let first = world.ok(request.clone()).await;
    world.ok(cancel_turn(&worker)).await;
    check_replay(&world, &request, &first).await;
    assert_eq!(world.ok(send(&worker, "hi")).await["replayed"], false, "no key, no replay");
}

#[tokio::test(start_paused = true)]
async fn keys_and_creations_survive_a_restart() {
    let (store, ids) =
        (std::sync::Arc::new(worker_runtime::store::MemoryStore::new()), std::sync::Arc::default());
    let build = || {
        let store: std::sync::Arc<worker_runtime::store::MemoryStore> =
            std::sync::Arc::clone(&store);
        World::builder().store(store).ids(std::sync::Arc::clone(&ids))
    };
    let one = build().build().await;
    let created = one.ok(keyed("k")).await;
    let worker = created["detail"]["worker"].clone();
    let sent = one.ok(send_keyed(&worker, "hi", "k")).await;
    drop(one);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let two = build().build().await;
    check_replay(&two, &send_keyed(&worker, "hi", "k"), &sent).await;
    check_replay(&two, &keyed("k"), &created).await;
    let error = two.refused(send_keyed(&worker, "other", "k")).await;
    assert_eq!(error["code"], "idempotency_conflict");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_another_creation_drops_is_used_anew_after_that_one() {
    let store = SteppedStore::new(Arc::default());
    let builder = World::builder().store(store.as_store());
    let world = builder.limits(|limits| limits.idempotency_age_ms = 10_000).build().await;
    world.ok(keyed("old")).await;
    world.clock.advance(60_000);
    // The first creation drops the expired key, and its commit takes long. If the second one came
    // before it, the first would drop the key that the second has just used.
    store.next([Verdict::Held]);
    let mut drops = Box::pin(world.ok(keyed("new")));
    let mut uses = Box::pin(world.ok(keyed("old")));
    for _ in 0..10 {
        assert!(at_once(&mut drops).await.is_none());
        assert!(at_once(&mut uses).await.is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(store.commits(), 2, "the second creation has not been sent to the store");
    store.release_one();
    drops.await;
    assert_eq!(uses.await["replayed"], false);
    assert_eq!(world.ok(keyed("old")).await["replayed"], true);
}
