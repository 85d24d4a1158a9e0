//! `update_worker` is allowed in every state, and causes no event if it changes nothing.

use serde_json::{Value, json};
use worker_runtime::model::WorkerState;

use super::Given;
use crate::support::{FIRST_PIECE, World, and, types, update};

#[tokio::test(start_paused = true)]
async fn it_is_allowed_in_every_state() {
    for state in WorkerState::ALL {
        let given = Given::worker(state).await;
        let Given { world, worker, .. } = &given;
        let more = json!({
            "display_name": "Ada", "labels": { "team": "red" }, "instructions": "be brief",
            "profile": { "type": "builtin", "name": "echo" }, "meta": { "actor": "ann" },
        });
        let reply = world.ok(and(update(worker), more)).await;
        assert_eq!(reply["detail"], world.detail(worker).await, "{state:?}");
        assert_eq!(reply["detail"]["display_name"], "Ada");
        assert_eq!(reply["detail"]["display_ref"], "Ada@home");
        assert_eq!(reply["detail"]["labels"], json!({ "team": "red" }));
        assert_eq!(reply["detail"]["instructions"], "be brief");
        let echo = json!({ "type": "builtin", "name": "echo" });
        assert_eq!(reply["detail"]["profile"], echo);
        let events = given.events_after(&reply["cursor"]).await;
        assert_eq!(types(&events), ["worker_updated"], "{state:?}");
        assert_eq!(events[0]["detail"], reply["detail"], "{state:?}");
        assert_eq!(events[0]["meta"], json!({ "actor": "ann" }));
        assert_eq!(world.state(worker).await, super::name(state));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_changes_nothing_has_no_event() {
    let fields = json!({
        "display_name": "Ada", "labels": { "team": "red" }, "instructions": "be brief",
        "profile": { "type": "named", "name": "slow" },
    });
    let world = World::new().await;
    let worker = world.worker_with(fields.clone()).await;
    let before = world.everything().await;
    let requests = [
        json!({}),
        fields,
        json!({ "labels": {} }),
        json!({ "remove_labels": ["x"], "clear": [] }),
    ];
    for more in requests {
        let reply = world.ok(and(update(&worker), more.clone())).await;
        assert_eq!(reply["detail"], world.detail(&worker).await, "{more}");
        assert_eq!(world.everything().await, before, "{more}");
    }
}

#[tokio::test(start_paused = true)]
async fn labels_are_added_replaced_and_removed_by_name() {
    let world = World::new().await;
    let worker = world.worker_with(json!({ "labels": { "a": "1", "b": "2" } })).await;
    let patch = json!({ "labels": { "b": "3", "c": "4" }, "remove_labels": ["a", "a", "none"] });
    let reply = world.ok(and(update(&worker), patch)).await;
    assert_eq!(reply["detail"]["labels"], json!({ "b": "3", "c": "4" }));
    let again = json!({ "labels": { "b": "5" }, "remove_labels": ["b", "c"] });
    let reply = world.ok(and(update(&worker), again)).await;
    assert_eq!(reply["detail"]["labels"], json!({ "b": "5" }), "removed first, then added");
    let untouched = world.ok(and(update(&worker), json!({ "labels": null }))).await;
    assert_eq!(untouched["detail"]["labels"], json!({ "b": "5" }), "null is absent");
}

#[tokio::test(start_paused = true)]
async fn null_is_absent_and_clear_removes_instructions() {
    let world = World::new().await;
    let fields = json!({ "display_name": "Ada", "instructions": "be brief" });
    let worker = world.worker_with(fields).await;
    let nulls = json!({
        "display_name": null, "profile": null, "labels": null, "remove_labels": null,
        "instructions": null, "clear": null, "meta": null,
    });
    let reply = world.ok(and(update(&worker), nulls)).await;
    assert_eq!(reply["detail"]["instructions"], "be brief");
    assert_eq!(reply["detail"]["display_name"], "Ada");
    let reply = world.ok(and(update(&worker), json!({ "clear": ["instructions"] }))).await;
    assert_eq!(reply["detail"].get("instructions"), None);
    assert_eq!(reply["detail"]["display_name"], "Ada");
    let replaced = json!({ "instructions": "be kind", "clear": ["instructions"] });
    let reply = world.ok(and(update(&worker), replaced)).await;
    assert_eq!(reply["detail"]["instructions"], "be kind", "cleared first, then set");
}

#[tokio::test(start_paused = true)]
async fn profile_and_instructions_count_from_the_next_turn_on() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let more = json!({
        "instructions": "shout", "profile": { "type": "builtin", "name": "echo" },
    });
    world.ok(and(update(worker), more)).await;
    let turn = world.finished(worker, turn_id).await;
    assert_eq!(turn["turn"]["profile"], json!({ "type": "runtime_default" }));
    assert_eq!(turn["answer"]["text"], crate::support::ANSWER);
    let next = world.turn(worker, "hi").await;
    let turn = world.finished(worker, &next).await;
    assert_eq!(turn["turn"]["profile"], json!({ "type": "builtin", "name": "echo" }));
    assert_eq!(turn["answer"]["text"], "echo: hi");
}

#[tokio::test(start_paused = true)]
async fn a_refused_update_leaves_no_trace() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, .. } = &given;
    let before = world.everything().await;
    let refused: [(Value, &str); 6] = [
        (json!({ "display_name": "a@b", "labels": { "x": "y" } }), "invalid_request"),
        (
            json!({ "display_name": "ok", "profile": { "type": "named", "name": "none" } }),
            "profile_not_found",
        ),
        (json!({ "labels": { "": "y" } }), "invalid_request"),
        (json!({ "instructions": "x".repeat(70_000) }), "too_large"),
        (json!({ "remove_labels": ["ok", ""] }), "invalid_request"),
        (json!({ "remove_labels": vec!["x"; 33] }), "too_large"),
    ];
    for (more, code) in refused {
        assert_eq!(world.refused(and(update(worker), more)).await["code"], code);
    }
    assert_eq!(world.everything().await, before);
    world.streamed(worker, FIRST_PIECE).await;
}
