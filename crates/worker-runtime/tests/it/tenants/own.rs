//! What is a tenant's own: keys, claims, events that fall out, texts that are erased.

use serde_json::{Value, json};

use crate::support::{
    World, and, cancel_worker, create, delete, get_worker, read_events, runtime_scope, types,
};

#[tokio::test(start_paused = true)]
async fn keys_of_creations_never_meet() {
    let world = World::new().await;
    let keyed = |name: &str| and(create(), json!({ "display_name": name, "idempotency_key": "k" }));
    let callers = [world.tenant("a"), world.tenant("b"), world.tenant("c")];
    let mut workers = Vec::new();
    for (caller, name) in callers.iter().zip(["one", "two", "three"]) {
        let created = caller.ok(keyed(name)).await;
        assert_eq!(created["replayed"], false);
        workers.push(created["detail"]["worker"].clone());
    }
    let of_nobody = world.ok(keyed("four")).await;
    assert_eq!(of_nobody["replayed"], false);
    assert!(of_nobody["detail"].get("tenant").is_none());
    for (caller, worker) in callers.iter().zip(&workers) {
        assert_eq!(caller.refused(keyed("another")).await["code"], "idempotency_conflict");
        let name = caller.ok(get_worker(worker)).await["detail"]["display_name"].clone();
        let again = caller.ok(keyed(name.as_str().expect("a name"))).await;
        assert_eq!((&again["replayed"], &again["detail"]["worker"]), (&json!(true), worker));
    }
    // The Backend that creates for a tenant uses the tenant's keys.
    let for_a = world.ok(and(keyed("one"), json!({ "tenant": "a" }))).await;
    assert_eq!((&for_a["replayed"], &for_a["detail"]["worker"]), (&json!(true), &workers[0]));
}

#[tokio::test(start_paused = true)]
async fn no_tenant_pushes_out_the_keys_of_another() {
    let world = World::limited(|limits| limits.idempotency_keys_create = 2).await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let keyed = |key: &str| and(create(), json!({ "idempotency_key": key }));
    acme.ok(keyed("first")).await;
    for number in 0..5 {
        rival.ok(keyed(&number.to_string())).await;
    }
    assert_eq!(acme.ok(keyed("first")).await["replayed"], true);
    assert_eq!(rival.ok(keyed("0")).await["replayed"], false);
}

#[tokio::test(start_paused = true)]
async fn claims_never_meet() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let claims = json!({ "scope_claims": [{ "resource": "a/b", "access": "exclusive" }] });
    let own = acme.worker_with(claims.clone()).await;
    rival.worker_with(claims.clone()).await;
    world.worker_with(claims.clone()).await;
    let conflict = acme.refused(and(create(), claims.clone())).await;
    assert_eq!((&conflict["code"], &conflict["holder"]), (&json!("scope_conflict"), &own));
    let allocation = acme.ok(json!({ "type": "get_runtime" })).await["allocation"].clone();
    assert_eq!((&allocation["claims"], &allocation["holders"][0]["worker"]), (&json!(1), &own));
    let all = world.ok(json!({ "type": "get_runtime" })).await["allocation"].clone();
    let tenants: Vec<&Value> =
        all["holders"].as_array().expect("holders").iter().map(|it| &it["tenant"]).collect();
    assert_eq!(tenants, [&Value::Null, &json!("acme"), &json!("rival")]);
    acme.ok(cancel_worker(&own)).await;
    acme.worker_with(claims).await;
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_tenant_keeps_what_the_log_of_the_runtime_keeps() {
    let world = World::limited(|limits| limits.events_runtime = 6).await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let start = acme.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    let first = acme.worker().await;
    let second = acme.worker().await;
    let after = |cursor: &Value| {
        let from = json!({ "type": "after", "cursor": cursor });
        and(read_events(&runtime_scope()), json!({ "from": from }))
    };
    assert_eq!(acme.ok(after(&start)).await["items"].as_array().map(Vec::len), Some(2));
    for _ in 0..5 {
        rival.worker().await;
    }
    let expired = acme.refused(after(&start)).await;
    assert_eq!(expired["code"], "cursor_expired");
    let kept = acme.ok(after(&expired["earliest"])).await;
    assert_eq!(kept["items"][0]["worker"], second);
    assert_eq!(kept["items"][0]["sequence"], 3, "after the start and the first Worker");
    rival.worker().await;
    assert_eq!(acme.ok(read_events(&runtime_scope())).await["items"], json!([]));
    acme.ok(get_worker(&first)).await;
    acme.worker().await;
    let events = acme.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert_eq!((types(&events), &events[0]["sequence"]), (vec!["worker_created"], &json!(4)));
}

#[tokio::test(start_paused = true)]
async fn the_texts_of_a_deleted_worker_are_erased_from_the_tenants_log() {
    let world = World::new().await;
    let acme = world.tenant("acme");
    let worker = acme.worker_with(json!({ "display_name": "plum" })).await;
    acme.turn(&worker, "a plum").await;
    acme.ok(cancel_worker(&worker)).await;
    acme.ok(delete(&worker)).await;
    let events = acme.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert!(!json!(events).to_string().contains("plum"), "{events:?}");
    let of_worker = events.iter().filter(|event| event.get("worker").is_some());
    for event in of_worker {
        assert_eq!(event["tenant"], "acme", "whose it was stays: {event}");
    }
    assert_eq!(types(&events).last(), Some(&"worker_deleted"));
}
