//! Filters and orders of `list_workers`.

use std::cell::RefCell;

use serde_json::{Value, json};
use worker_runtime::{
    Runtime,
    commands::CreateWorker,
    model::PageRequest,
    queries::{GetOverview, ListWorkers, WorkerOrder},
};

use crate::support::{FIRST_PIECE, World, and, cancel_worker, send, stop, update};

async fn named(world: &World, filter: Value) -> Vec<String> {
    let reply = world.ok(and(json!({ "type": "list_workers" }), filter)).await;
    let items = reply["items"].as_array().expect("items");
    items.iter().map(|item| item["display_name"].as_str().expect("a name").to_owned()).collect()
}

async fn five_states() -> (World, [Value; 5]) {
    let world = World::new().await;
    let mut workers = Vec::new();
    for name in ["idle", "running", "stopping", "stopped", "cancelled"] {
        workers.push(world.worker_with(json!({ "display_name": name })).await);
    }
    world.running(&workers[1], FIRST_PIECE).await;
    world.running(&workers[2], FIRST_PIECE).await;
    world.ok(stop(&workers[2])).await;
    world.ok(stop(&workers[3])).await;
    world.ok(cancel_worker(&workers[4])).await;
    (world, workers.try_into().expect("five"))
}

#[tokio::test(start_paused = true)]
async fn states_are_any_of_those_named() {
    let (world, _) = five_states().await;
    for state in ["idle", "running", "stopping", "stopped", "cancelled"] {
        assert_eq!(named(&world, json!({ "states": [state] })).await, [state]);
    }
    let two = json!({ "states": ["cancelled", "idle", "idle"] });
    assert_eq!(named(&world, two).await, ["idle", "cancelled"]);
    assert_eq!(named(&world, json!({ "states": [] })).await, [""; 0]);
    assert_eq!(named(&world, json!({})).await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn lists_follow_a_worker_from_state_to_state() {
    let world = World::new().await;
    let worker = world.worker_with(json!({ "display_name": "w" })).await;
    let states = ["idle", "running", "stopping", "stopped", "cancelled"];
    let only = async |state: &str| {
        for other in states {
            let found = named(&world, json!({ "states": [other] })).await.len();
            assert_eq!(found, usize::from(other == state), "{other} while {state}");
        }
    };
    only("idle").await;
    world.running(&worker, FIRST_PIECE).await;
    only("running").await;
    world.ok(stop(&worker)).await;
    only("stopping").await;
    world.ok(crate::support::cancel_turn(&worker)).await;
    only("stopped").await;
}

#[tokio::test(start_paused = true)]
async fn all_labels_must_match_as_they_are_now() {
    let world = World::new().await;
    let make = async |name: &str, labels: Value| {
        world.worker_with(json!({ "display_name": name, "labels": labels })).await
    };
    let ab = make("ab", json!({ "a": "1", "b": "1" })).await;
    make("a", json!({ "a": "1" })).await;
    make("a2", json!({ "a": "2" })).await;
    make("none", json!({})).await;
    let labelled = |labels: Value| json!({ "labels": labels });
    assert_eq!(named(&world, labelled(json!({ "a": "1" }))).await, ["ab", "a"]);
    assert_eq!(named(&world, labelled(json!({ "a": "1", "b": "1" }))).await, ["ab"]);
    assert_eq!(named(&world, labelled(json!({ "a": "2" }))).await, ["a2"]);
    assert_eq!(named(&world, labelled(json!({ "c": "1" }))).await, [""; 0]);
    assert_eq!(named(&world, labelled(json!({}))).await.len(), 4);
    world.ok(and(update(&ab), json!({ "labels": { "a": "2" }, "remove_labels": ["b"] }))).await;
    assert_eq!(named(&world, labelled(json!({ "b": "1" }))).await, [""; 0]);
    assert_eq!(named(&world, labelled(json!({ "a": "2" }))).await, ["ab", "a2"]);
    let both = json!({ "labels": { "a": "2" }, "states": ["running"] });
    assert_eq!(named(&world, both.clone()).await, [""; 0]);
    world.ok(send(&ab, "hi")).await;
    assert_eq!(named(&world, both).await, ["ab"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_found_by_a_part_of_it_whatever_the_case() {
    let world = World::new().await;
    for name in ["Ada Lovelace", "ADAM", "Élodie", "straße", "x.y*"] {
        world.worker_with(json!({ "display_name": name })).await;
    }
    let found = async |part: &str| named(&world, json!({ "name_contains": part })).await;
    assert_eq!(found("ada").await, ["Ada Lovelace", "ADAM"]);
    assert_eq!(found("A L").await, ["Ada Lovelace"]);
    assert_eq!(found("éLO").await, ["Élodie"]);
    assert_eq!(found("RASS").await, [""; 0]);
    assert_eq!(found("STRASSE").await, [""; 0]);
    assert_eq!(found("straß").await, ["straße"]);
    assert_eq!(found(".y*").await, ["x.y*"], "a part, not a pattern");
    let error = world.refused(json!({ "type": "list_workers", "name_contains": "" })).await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("invalid_request"), &json!("name_contains"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_made_name_is_found_too() {
    let world = World::new().await;
    let worker = world.worker().await;
    let name = world.detail(&worker).await["display_name"].as_str().expect("a name").to_owned();
    assert_eq!(named(&world, json!({ "name_contains": name.to_uppercase() })).await, [name]);
}

#[tokio::test(start_paused = true)]
async fn a_summary_shows_the_worker_as_its_detail_does() {
    let (world, _) = five_states().await;
    let reply = world.ok(json!({ "type": "list_workers" })).await;
    for item in reply["items"].as_array().expect("items") {
        let detail = world.detail(&item["worker"]).await;
        for (field, value) in item.as_object().expect("fields") {
            assert_eq!(detail[field], *value, "{field}");
        }
        assert_eq!(item.get("turn_id").is_some(), item.get("turn_started_at_ms").is_some());
        let is_busy = item["state"] == "running" || item["state"] == "stopping";
        assert_eq!(item.get("turn_id").is_some(), is_busy, "{item}");
    }
}

#[tokio::test]
async fn the_order_of_activity_is_up_to_date_however_many_workers_moved() {
    let runtime = Runtime::builder().build().await.expect("a Runtime");
    let mut created = Vec::new();
    for _ in 0..3_000 {
        let worker = runtime.handle(CreateWorker::default()).await.expect("a Worker");
        created.push(worker.detail.worker);
    }
    let turns = RefCell::new(Vec::new());
    let both = async || {
        let overview = async {
            runtime.handle(GetOverview::default()).await.expect("an overview");
            turns.borrow_mut().push("overview");
        };
        tokio::join!(overview, async { turns.borrow_mut().push("other") });
        turns.take()
    };
    assert_eq!(both().await, ["overview", "other"], "nothing is left to sort");

    let mut listed = Vec::new();
    let mut token = None;
    loop {
        let page = Some(PageRequest { limit: Some(1_000), token });
        let order = Some(WorkerOrder::Active);
        let query = ListWorkers { order, page, ..ListWorkers::default() };
        let page = runtime.handle(query).await.expect("a page");
        listed.extend(page.items.into_iter().map(|item| item.worker));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    created.reverse();
    assert_eq!(listed, created);
}
