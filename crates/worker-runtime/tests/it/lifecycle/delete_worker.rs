//! `delete_worker` in each state of a Worker.

use serde_json::{Value, json};
use worker_runtime::{
    lifecycle::{LifecycleInput, Transition},
    model::WorkerState,
};

use super::{BEING_ANSWERED, Cell, Given, NOTHING_SAID, check, refuses};
use crate::support::{
    World, and, delete, get_transcript, get_worker, read_events, scope_of, send, stop, update,
};

const CELLS: fn() -> [Cell; 5] = || {
    let alive = |state, texts| Cell {
        state,
        answer: refuses("worker_not_terminal"),
        reply: |_| json!({ "code": "worker_not_terminal" }),
        events: &[],
        texts,
    };
    let removed = |state| Cell {
        state,
        answer: Transition::Removed,
        reply: |_| json!({ "type": "worker_deleted", "already": false }),
        events: &["worker_deleted"],
        texts: NOTHING_SAID,
    };
    [
        alive(WorkerState::Idle, NOTHING_SAID),
        alive(WorkerState::Running, BEING_ANSWERED),
        alive(WorkerState::Stopping, BEING_ANSWERED),
        removed(WorkerState::Stopped),
        removed(WorkerState::Cancelled),
    ]
};

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::DeleteWorker, &CELLS(), |given| delete(&given.worker)).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_gone_or_never_was_is_already_gone() {
    let given = Given::worker(WorkerState::Stopped).await;
    let Given { world, worker, .. } = &given;
    world.ok(delete(worker)).await;
    let nobody =
        and(worker.clone(), json!({ "worker_id": "018bcfe5-6800-7000-8000-0000000000ff" }));
    let before = world.everything().await;
    for worker in [worker, &nobody] {
        let reply = world.ok(delete(worker)).await;
        assert_eq!(reply, json!({ "type": "worker_deleted", "already": true }));
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_finds_a_deleted_worker() {
    let given = Given::worker(WorkerState::Stopped).await;
    let Given { world, worker, .. } = &given;
    world.ok(delete(worker)).await;
    let scope = scope_of(worker);
    let requests: [Value; 9] = [
        get_worker(worker),
        get_transcript(worker),
        send(worker, "hi"),
        stop(worker),
        update(worker),
        crate::support::cancel_turn(worker),
        crate::support::cancel_worker(worker),
        read_events(&scope),
        json!({ "type": "get_usage", "scope": scope }),
    ];
    for request in requests {
        let error = world.refused(request.clone()).await;
        assert_eq!(error["code"], "worker_not_found", "{request}");
    }
    let list = world.ok(json!({ "type": "list_workers" })).await;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn its_place_is_free_again_and_its_usage_stays() {
    let world = World::limited(|limits| limits.workers = 1).await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    world.ok(stop(&worker)).await;
    let usage = json!({ "type": "get_usage", "scope": { "type": "runtime" } });
    let before = world.ok(usage.clone()).await;
    assert_eq!(before["usage"]["turns"], 1);
    world.ok(delete(&worker)).await;
    assert_eq!(world.ok(usage).await, before);
    world.worker().await;
}
