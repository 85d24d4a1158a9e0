//! Filters by type and by label.

use serde_json::{Value, json};

use super::{is_synced, replayed, subscribed};
use crate::support::{
    World, and, at_once, collect, delete, read_events, runtime_scope, scope_of, send, stop, types,
    update,
};

fn label(worker: &Value, labels: Value) -> Value {
    and(update(worker), json!({ "labels": labels }))
}

#[tokio::test(start_paused = true)]
async fn types_are_any_of_those_named() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    for scope in [runtime_scope(), scope_of(&worker)] {
        let filter = json!({ "filter": { "types": ["turn_completed", "worker_created"] } });
        let fields = and(filter.clone(), json!({ "from": { "type": "oldest" } }));
        let mut stream = subscribed(&world, &scope, fields).await;
        let items = replayed(&mut stream).await;
        assert_eq!(types(&items), ["worker_created", "turn_completed"]);
        let read = world.ok(and(read_events(&scope), filter)).await;
        assert_eq!(types(read["items"].as_array().expect("items")), types(&items));
        let nothing = json!({ "filter": { "types": [] } });
        assert_eq!(world.ok(and(read_events(&scope), nothing)).await["items"], json!([]));
    }
}

#[tokio::test(start_paused = true)]
async fn labels_match_as_they_are_at_publication() {
    let world = World::new().await;
    let red = world.worker_with(json!({ "labels": { "team": "red", "x": "1" } })).await;
    let blue = world.worker_with(json!({ "labels": { "team": "blue" } })).await;
    let filter = json!({ "filter": { "labels": { "team": "red" } } });
    let mut stream = subscribed(&world, &runtime_scope(), filter.clone()).await;
    replayed(&mut stream).await;
    world.ok(stop(&blue)).await;
    world.ok(label(&red, json!({ "x": "2" }))).await;
    world.ok(label(&red, json!({ "team": "green" }))).await;
    world.ok(label(&red, json!({ "x": "3" }))).await;
    world.ok(label(&blue, json!({ "team": "red" }))).await;
    world.ok(stop(&red)).await;
    let items = collect(&mut stream, |item| item["worker"] == blue).await;
    let shown: Vec<(&Value, &Value)> =
        items.iter().map(|item| (&item["worker"], &item["detail"]["labels"])).collect();
    let expected = [
        (&red, &json!({ "team": "red", "x": "2" })),
        (&red, &json!({ "team": "green", "x": "2" })),
        (&blue, &json!({ "team": "red" })),
    ];
    assert_eq!(shown, expected, "the event that leaves the filter is still delivered");
    let page = world.ok(and(read_events(&runtime_scope()), filter)).await;
    let own: Vec<&Value> = page["items"].as_array().expect("items").iter().collect();
    assert_eq!(own.len(), 4, "the creation and three others: {own:?}");
    assert!(
        own.iter().all(|event| event.get("worker").is_some()),
        "a Runtime's events have no labels"
    );
}

#[tokio::test(start_paused = true)]
async fn both_parts_must_match_and_empty_labels_match_all() {
    let world = World::new().await;
    let worker = world.worker_with(json!({ "labels": { "a": "b" } })).await;
    world.worker().await;
    world.turn(&worker, "hi").await;
    let read = async |filter: Value| {
        let reply = world.ok(and(read_events(&runtime_scope()), json!({ "filter": filter }))).await;
        reply["items"].as_array().expect("items").len()
    };
    assert_eq!(read(json!({ "types": ["worker_created"], "labels": { "a": "b" } })).await, 1);
    assert_eq!(read(json!({ "types": ["worker_created"] })).await, 2);
    assert_eq!(read(json!({ "labels": {} })).await, 8);
    assert_eq!(read(json!({})).await, 8);
    assert_eq!(read(json!({ "types": ["runtime_started"], "labels": { "a": "b" } })).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_worker_matches_by_label_with_its_deletion_alone() {
    let world = World::new().await;
    let filter = json!({ "filter": { "labels": { "team": "red" } } });
    let mut early = subscribed(&world, &runtime_scope(), filter.clone()).await;
    replayed(&mut early).await;
    let worker = world.worker_with(json!({ "labels": { "team": "red" } })).await;
    world.ok(label(&worker, json!({ "team": "blue" }))).await;
    world.ok(label(&worker, json!({ "team": "red" }))).await;
    let lived = collect(&mut early, |item| item["detail"]["worker_sequence"] == 3).await;
    assert_eq!(types(&lived), ["worker_created", "worker_updated", "worker_updated"]);
    world.ok(stop(&worker)).await;
    world.ok(delete(&worker)).await;
    let gone = collect(&mut early, |item| item["type"] == "worker_deleted").await;
    assert_eq!(types(&gone), ["worker_deleted"], "whoever filters is told of the end");
    let from = json!({ "from": { "type": "oldest" } });
    let mut late = subscribed(&world, &runtime_scope(), and(filter.clone(), from)).await;
    assert_eq!(types(&replayed(&mut late).await), ["worker_deleted"]);
    let page = world.ok(and(read_events(&runtime_scope()), filter)).await;
    assert_eq!(types(page["items"].as_array().expect("items")), ["worker_deleted"]);
    let other = json!({ "filter": { "labels": { "team": "blue" } } });
    let page = world.ok(and(read_events(&runtime_scope()), other)).await;
    assert_eq!(page["items"], json!([]), "what a label was before is erased too");
}

#[tokio::test(start_paused = true)]
async fn a_page_under_a_filter_says_what_was_examined() {
    let world = World::new().await;
    let worker = world.worker().await;
    for number in 0..20 {
        world.ok(label(&worker, json!({ "n": number.to_string() }))).await;
    }
    world.ok(send(&worker, "hi")).await;
    let filter = json!({ "filter": { "types": ["turn_started"] }, "limit": 1 });
    let mut from = json!({ "type": "oldest" });
    let mut found = Vec::new();
    for _ in 0..100 {
        let request = and(read_events(&scope_of(&worker)), filter.clone());
        let reply = world.ok(and(request, json!({ "from": from }))).await;
        found.extend(reply["items"].as_array().expect("items").clone());
        from = json!({ "type": "after", "cursor": reply["next"] });
        if reply["more"] == false {
            break;
        }
    }
    assert_eq!(types(&found), ["turn_started"]);
    let end = world.ok(crate::support::get_worker(&worker)).await["cursor"].clone();
    assert_eq!(from["cursor"], end);
}

#[tokio::test(start_paused = true)]
async fn a_long_filtered_silence_keeps_the_cursor_fresh() {
    let world = World::new().await;
    let worker = world.worker().await;
    for scope in [runtime_scope(), scope_of(&worker)] {
        let filter = json!({ "filter": { "types": ["diagnostic"] } });
        let mut stream = subscribed(&world, &scope, filter).await;
        let mut last = collect(&mut stream, is_synced).await.remove(0);
        for number in 0..3000 {
            world.rename(&worker, format!("n{number}")).await;
            if let Some(item) = at_once(stream.next()).await {
                let item = json!(item.expect("an item"));
                assert!(is_synced(&item), "{item}");
                assert_ne!(item["cursor"], last["cursor"]);
                last = item;
            }
        }
        let behind = world.events_after(&scope, &last["cursor"]).await.len();
        assert!(behind < 1000, "the last cursor lies {behind} events back");
    }
}
