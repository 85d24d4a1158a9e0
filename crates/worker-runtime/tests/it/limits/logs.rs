//! Limits of the number of events, diagnostics and keys that are kept.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    SteppedStore, Verdict, World, and, create, read_events, runtime_scope, scope_of, send_keyed,
    update,
};

fn after_sequence(worker: &Value, sequence: u64) -> Value {
    let from = json!({ "type": "after_sequence", "sequence": sequence });
    and(read_events(&scope_of(worker)), json!({ "from": from }))
}

pub(super) async fn events_per_worker() {
    let world = World::limited(|limits| limits.events_per_worker = 3).await;
    let worker = world.worker().await;
    let rename = |name: &str| and(update(&worker), json!({ "display_name": name }));
    world.ok(rename("a")).await;
    world.ok(rename("b")).await;
    assert_eq!(
        world.ok(after_sequence(&worker, 0)).await["items"].as_array().map(Vec::len),
        Some(3)
    );
    world.ok(rename("c")).await;
    let error = world.refused(after_sequence(&worker, 0)).await;
    assert_eq!(error["code"], "cursor_expired");
    let kept = world.events(&worker).await;
    let sequences: Vec<&Value> = kept.iter().map(|event| &event["worker_sequence"]).collect();
    assert_eq!(sequences, [2, 3, 4]);
}

pub(super) async fn events_runtime() {
    let world = World::limited(|limits| limits.events_runtime = 3).await;
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    for _ in 0..3 {
        world.worker().await;
    }
    let scope = runtime_scope();
    // The first of four events was dropped. A reader with the cursor after it misses nothing.
    let kept = world.events_after(&scope, &runtime["cursor"]).await;
    let sequences: Vec<&Value> = kept.iter().map(|event| &event["sequence"]).collect();
    assert_eq!(sequences, [2, 3, 4]);
    world.worker().await;
    let from = json!({ "from": { "type": "after", "cursor": runtime["cursor"] } });
    let error = world.refused(and(read_events(&scope), from)).await;
    assert_eq!(error["code"], "cursor_expired");
    let kept = world.events_after(&scope, &error["earliest"]).await;
    assert_eq!(kept.len(), 3);
    assert_eq!(kept[0]["sequence"], 3);
}

pub(super) async fn diagnostics() {
    let store = SteppedStore::new(Arc::default());
    let builder = World::builder().store(store.as_store());
    let world = builder.limits(|limits| limits.diagnostics = 3).build().await;
    let worker = world.worker().await;
    let list = json!({ "type": "list_diagnostics" });
    let mut seen = Vec::new();
    let mut number = 0;
    while seen.len() < 4 {
        number += 1;
        store.next([Verdict::UnknownNever]);
        world.refused(and(update(&worker), json!({ "display_name": format!("n{number}") }))).await;
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        let reply = world.ok(list.clone()).await;
        for item in reply["items"].as_array().expect("items").iter().rev() {
            if !seen.contains(item) {
                seen.push(item.clone());
            }
        }
    }
    let reply = world.ok(list).await;
    seen.reverse();
    assert_eq!(*reply["items"].as_array().expect("items"), seen[..3], "the newest are kept");
}

pub(super) async fn idempotency_keys() {
    let world = World::limited(|limits| limits.idempotency_keys = 2).await;
    let worker = world.worker().await;
    for key in ["a", "b"] {
        let reply = world.ok(send_keyed(&worker, "hi", key)).await;
        world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    }
    for key in ["a", "b"] {
        assert_eq!(world.ok(send_keyed(&worker, "hi", key)).await["replayed"], true, "{key}");
    }
    let reply = world.ok(send_keyed(&worker, "hi", "c")).await;
    world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    assert_eq!(world.ok(send_keyed(&worker, "hi", "b")).await["replayed"], true);
    assert_eq!(world.ok(send_keyed(&worker, "hi", "a")).await["replayed"], false, "the oldest");
}

pub(super) async fn idempotency_keys_create() {
    let world = World::limited(|limits| limits.idempotency_keys_create = 2).await;
    let keyed = |key: &str| and(create(), json!({ "idempotency_key": key }));
    for (key, replayed) in [
        ("a", false),
        ("b", false),
        ("a", true),
        ("b", true),
        ("c", false),
        ("b", true),
        ("a", false),
    ] {
        assert_eq!(world.ok(keyed(key)).await["replayed"], replayed, "{key}");
    }
}
