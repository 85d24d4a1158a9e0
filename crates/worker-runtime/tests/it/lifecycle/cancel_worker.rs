//! `cancel_worker` in each state of a Worker.

use serde_json::json;
use worker_runtime::{
    lifecycle::{LifecycleInput, Transition},
    model::WorkerState,
};

use super::{Cell, Given, HALF_SAID, NOTHING_SAID, becomes, cancels, check};
use crate::support::{and, cancel_worker, get_turn, types};

const WITH_TURN: &[&str] = &["turn_cancelled", "worker_state_changed"];

const CELLS: fn() -> [Cell; 5] = || {
    let already = |state| Cell {
        state,
        answer: Transition::Already,
        reply: |_| json!({ "type": "worker_cancelled", "already": true }),
        events: &[],
        texts: NOTHING_SAID,
    };
    let cancelled = |state, answer, events, texts| Cell {
        state,
        answer,
        reply: |_| json!({ "type": "worker_cancelled", "already": false }),
        events,
        texts,
    };
    let to = WorkerState::Cancelled;
    [
        cancelled(WorkerState::Idle, becomes(to), &["worker_state_changed"], NOTHING_SAID),
        cancelled(WorkerState::Running, cancels(to), WITH_TURN, HALF_SAID),
        cancelled(WorkerState::Stopping, cancels(to), WITH_TURN, HALF_SAID),
        already(WorkerState::Stopped),
        already(WorkerState::Cancelled),
    ]
};

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::CancelWorker, &CELLS(), |given| cancel_worker(&given.worker)).await;
}

#[tokio::test(start_paused = true)]
async fn reason_and_meta_are_kept_and_shown() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let more = json!({ "reason": "abuse", "meta": { "actor": "ann" } });
    let reply = world.ok(and(cancel_worker(worker), more)).await;
    let events = given.events_after(&reply["cursor"]).await;
    assert_eq!(types(&events), ["turn_cancelled", "worker_state_changed"]);
    for event in &events {
        assert_eq!(event["reason"], "abuse", "{event}");
        assert_eq!(event["meta"], json!({ "actor": "ann" }), "{event}");
    }
    let turn = world.ok(get_turn(worker, turn_id)).await;
    assert_eq!(turn["turn"]["reason"], "abuse");
    assert_eq!(world.detail(worker).await["end_reason"], "abuse");
}

#[tokio::test(start_paused = true)]
async fn a_reason_that_comes_too_late_is_not_kept() {
    for state in [WorkerState::Stopped, WorkerState::Cancelled] {
        let given = Given::worker(state).await;
        let before = given.world.everything().await;
        given.world.ok(and(cancel_worker(&given.worker), json!({ "reason": "late" }))).await;
        assert_eq!(given.world.everything().await, before, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn claims_go_with_the_worker() {
    let given = Given::worker(WorkerState::Idle).await;
    let claims = json!({ "scope_claims": [{ "resource": "a/b", "access": "exclusive" }] });
    let holder = given.world.worker_with(claims.clone()).await;
    let wanting = and(crate::support::create(), claims);
    let error = given.world.refused(wanting.clone()).await;
    assert_eq!((&error["code"], &error["holder"]), (&json!("scope_conflict"), &holder));
    given.world.ok(cancel_worker(&holder)).await;
    given.world.ok(wanting).await;
}
