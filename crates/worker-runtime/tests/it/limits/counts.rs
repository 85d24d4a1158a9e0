//! Limits of the number of things.

use serde_json::{Map, Value, json};

use super::check_size;
use crate::support::{
    World, and, cancel_turn, create, delete, get_transcript, read_events, runtime_scope, scope_of,
    send, stop, update,
};

/// Checks that `request` fails with `capacity_exhausted` and leaves no trace.
async fn check_exhausted(world: &World, request: Value, what: &str, max: u64) {
    let before = world.everything().await;
    let error = world.refused(request.clone()).await;
    let said = (&error["code"], &error["what"], &error["max"]);
    assert_eq!(said, (&json!("capacity_exhausted"), &json!(what), &json!(max)), "{request}");
    assert_eq!(error["retry"], json!({ "type": "after_change" }));
    assert_eq!(world.everything().await, before, "{request}");
}

/// A map with `count` pairs.
fn pairs(count: usize) -> Value {
    (0..count).map(|index| (format!("k{index}"), json!("v"))).collect::<Map<_, _>>().into()
}

pub(super) async fn workers() {
    let world = World::limited(|limits| limits.workers = 2).await;
    world.worker().await;
    let ended = world.worker().await;
    check_exhausted(&world, create(), "workers", 2).await;
    world.ok(stop(&ended)).await;
    check_exhausted(&world, create(), "workers", 2).await;
    world.ok(delete(&ended)).await;
    world.worker().await;
}

pub(super) async fn turns_in_flight() {
    let world = World::limited(|limits| limits.turns_in_flight = 2).await;
    let [one, two, three] = [world.worker().await, world.worker().await, world.worker().await];
    world.ok(send(&one, "hi")).await;
    world.ok(send(&two, "hi")).await;
    check_exhausted(&world, send(&three, "hi"), "turns_in_flight", 2).await;
    let with_input = and(create(), json!({ "initial_input": { "kind": "user", "text": "hi" } }));
    check_exhausted(&world, with_input.clone(), "turns_in_flight", 2).await;
    world.ok(cancel_turn(&one)).await;
    world.ok(with_input).await;
    check_exhausted(&world, send(&three, "hi"), "turns_in_flight", 2).await;
}

pub(super) async fn transcript_entries() {
    let world = World::limited(|limits| limits.transcript_entries = 4).await;
    let worker = world.worker().await;
    for _ in 0..2 {
        world.turn(&worker, "hi").await;
    }
    assert_eq!(world.transcript(&worker).await["total"], 4);
    check_exhausted(&world, send(&worker, "hi"), "transcript_entries", 4).await;
    let history = |count| json!(vec![json!({ "role": "user", "text": "x" }); count]);
    let seeded = |count| and(create(), json!({ "history": history(count) }));
    check_size(&world, seeded(4), seeded(5), "history", 4).await;
    let input = json!({ "initial_input": { "kind": "user", "text": "hi" } });
    world.ok(and(seeded(2), input.clone())).await;
    check_exhausted(&world, and(seeded(3), input), "transcript_entries", 4).await;
}

pub(super) async fn history_entries() {
    let world = World::limited(|limits| limits.history_entries = 2).await;
    let history = |count| json!(vec![json!({ "role": "assistant", "text": "x" }); count]);
    let seeded = |count| and(create(), json!({ "history": history(count) }));
    check_size(&world, seeded(2), seeded(3), "history", 2).await;
}

pub(super) async fn requested_capabilities() {
    let world = World::limited(|limits| limits.requested_capabilities = 2).await;
    let asking = |count| and(create(), json!({ "requested_capabilities": vec!["x"; count] }));
    check_size(&world, asking(2), asking(3), "requested_capabilities", 2).await;
}

pub(super) async fn labels() {
    let world = World::limited(|limits| limits.labels = 2).await;
    let labelled = |count| and(create(), json!({ "labels": pairs(count) }));
    check_size(&world, labelled(2), labelled(3), "labels", 2).await;
    let worker = world.worker_with(json!({ "labels": { "old": "v" } })).await;
    let patched = |count| and(update(&worker), json!({ "labels": pairs(count) }));
    check_size(&world, patched(1), patched(2), "labels", 2).await;
    let filtered = |count| {
        let filter = json!({ "labels": pairs(count) });
        and(read_events(&runtime_scope()), json!({ "filter": filter }))
    };
    check_size(&world, filtered(2), filtered(3), "filter.labels", 2).await;
    let listed = |count| json!({ "type": "list_workers", "labels": pairs(count) });
    check_size(&world, listed(2), listed(3), "labels", 2).await;
}

pub(super) async fn meta_pairs() {
    let world = World::limited(|limits| limits.meta_pairs = 2).await;
    let worker = world.worker().await;
    for request in [create(), update(&worker), send(&worker, "hi")] {
        let remarked = |count| and(request.clone(), json!({ "meta": pairs(count) }));
        check_size(&world, remarked(2), remarked(3), "meta", 2).await;
    }
}

pub(super) async fn scope_claims() {
    let world = World::limited(|limits| limits.scope_claims = 2).await;
    let claims = |count| json!(vec![json!({ "resource": "x", "access": "shared" }); count]);
    let claiming = |count| and(create(), json!({ "scope_claims": claims(count) }));
    check_size(&world, claiming(2), claiming(3), "scope_claims", 2).await;
}

pub(super) async fn page_items() {
    let world = World::limited(|limits| limits.page_items = 2).await;
    let worker = world.worker().await;
    let queries: [(&str, Value); 7] = [
        ("recent", json!({ "type": "get_overview" })),
        ("page.limit", json!({ "type": "list_workers" })),
        ("page.limit", json!({ "type": "list_turns", "worker": worker })),
        ("page.limit", json!({ "type": "list_diagnostics" })),
        ("limit", get_transcript(&worker)),
        ("limit", json!({ "type": "read_events", "scope": scope_of(&worker) })),
        ("limit", json!({ "type": "read_events", "scope": runtime_scope() })),
    ];
    for (field, query) in queries {
        let asking = |count: u64| {
            let more = match field {
                "page.limit" => json!({ "page": { "limit": count } }),
                _ => json!({ field: count }),
            };
            and(query.clone(), more)
        };
        for count in 1..=2 {
            world.ok(asking(count)).await;
        }
        for count in [0, 3] {
            let error = world.refused(asking(count)).await;
            assert_eq!(error["code"], "limit_out_of_range", "{query}");
            assert_eq!(error["field"], field, "{query}");
            assert_eq!((&error["min"], &error["max"]), (&json!(1), &json!(2)), "{query}");
        }
    }
    for _ in 0..3 {
        world.worker().await;
    }
    let list = world.ok(json!({ "type": "list_workers" })).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "the default is no more");
}

pub(super) async fn list_scan() {
    let world = World::limited(|limits| limits.list_scan = 3).await;
    for number in 0..7 {
        world.worker_with(json!({ "display_name": format!("n{number}") })).await;
    }
    let query = json!({ "type": "list_workers", "name_contains": "n6" });
    let mut token = Value::Null;
    let mut pages = Vec::new();
    loop {
        let reply = world.ok(and(query.clone(), json!({ "page": { "token": token } }))).await;
        pages.push(reply["items"].as_array().expect("items").len());
        let Some(next) = reply.get("next") else { break };
        token = next.clone();
    }
    assert_eq!(pages, [0, 0, 1], "three Workers are examined at a time");
}

pub(super) async fn subscriptions() {
    let world = World::limited(|limits| limits.subscriptions = 2).await;
    let worker = world.worker().await;
    let one = world.stream(&runtime_scope()).await;
    let _two = world.stream(&scope_of(&worker)).await;
    for scope in [runtime_scope(), scope_of(&worker)] {
        let error = world.subscribe(json!({ "scope": scope })).await.expect_err("no room");
        let said = (&error["code"], &error["what"], &error["max"]);
        assert_eq!(said, (&json!("capacity_exhausted"), &json!("subscriptions"), &json!(2)));
    }
    drop(one);
    let error = world.subscribe(json!({
        "scope": runtime_scope(), "from": { "type": "after", "cursor": "rubbish" },
    }));
    assert_eq!(error.await.expect_err("malformed")["code"], "cursor_malformed");
    let again = world.subscribe(json!({ "scope": runtime_scope() })).await;
    drop(again.expect("a refusal takes no place"));
}
