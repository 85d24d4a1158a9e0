//! `stop_worker` in each state of a Worker.

use std::time::Duration;

use serde_json::{Value, json};
use worker_runtime::{
    lifecycle::{LifecycleInput, Transition},
    model::WorkerState,
};

use super::{BEING_ANSWERED, Cell, Given, NOTHING_SAID, becomes, check};
use crate::support::{ANSWER, FIRST_PIECE, PAUSE, and, cancel_turn, get_turn, stop, texts, types};

const CELLS: fn() -> [Cell; 5] = || {
    let already = |state, reply| Cell {
        state,
        answer: Transition::Already,
        reply,
        events: &[],
        texts: NOTHING_SAID,
    };
    [
        Cell {
            state: WorkerState::Idle,
            answer: becomes(WorkerState::Stopped),
            reply: |_| json!({ "type": "worker_stop", "state": "stopped", "already": false }),
            events: &["worker_state_changed"],
            texts: NOTHING_SAID,
        },
        Cell {
            state: WorkerState::Running,
            answer: becomes(WorkerState::Stopping),
            reply: |_| json!({ "type": "worker_stop", "state": "stopping", "already": false }),
            events: &["worker_state_changed"],
            texts: BEING_ANSWERED,
        },
        already(
            WorkerState::Stopping,
            |_| json!({ "type": "worker_stop", "state": "stopping", "already": true }),
        ),
        already(
            WorkerState::Stopped,
            |_| json!({ "type": "worker_stop", "state": "stopped", "already": true }),
        ),
        already(
            WorkerState::Cancelled,
            |_| json!({ "type": "worker_stop", "state": "cancelled", "already": true }),
        ),
    ]
};

fn within(worker: &Value, deadline_ms: u64) -> Value {
    and(stop(worker), json!({ "deadline_ms": deadline_ms }))
}

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::StopWorker, &CELLS(), |given| stop(&given.worker)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_the_turn_finishes() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let reply = world.ok(and(stop(worker), json!({ "reason": "bye", "meta": { "a": "b" } }))).await;
    let turn = world.finished(worker, turn_id).await;
    assert_eq!(turn["turn"]["outcome"], "completed");
    let events = given.events_after(&reply["cursor"]).await;
    let expected = ["worker_state_changed", "turn_completed", "worker_state_changed"];
    assert_eq!(types(&events), expected);
    assert_eq!(events[0]["reason"], "bye");
    assert_eq!(events[0]["meta"], json!({ "a": "b" }));
    assert_eq!(events[2]["from"], "stopping");
    assert_eq!(events[2]["to"], "stopped");
    assert_eq!(world.detail(worker).await["end_reason"], "bye");
    assert_eq!(texts(&world.transcript(worker).await)[1], ("assistant", ANSWER, false));
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_the_turn_is_cancelled() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let reply = world.ok(within(worker, 3000)).await;
    assert_eq!(reply["state"], "stopping");
    let began = tokio::time::Instant::now();
    let turn = world.finished(worker, turn_id).await;
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(turn["turn"]["outcome"], "cancelled");
    assert_eq!(turn["answer"]["text"], FIRST_PIECE);
    assert_eq!(turn["answer"]["truncated"], true);
    let events = given.events_after(&reply["cursor"]).await;
    let expected = ["worker_state_changed", "turn_cancelled", "worker_state_changed"];
    assert_eq!(types(&events), expected);
    assert_eq!(world.state(worker).await, "stopped");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_zero_cancels_in_the_same_commit() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let reply = world.ok(and(within(worker, 0), json!({ "reason": "now" }))).await;
    assert_eq!(reply["state"], "stopped");
    assert_eq!(reply["already"], false);
    let events = given.events_after(&reply["cursor"]).await;
    assert_eq!(types(&events), ["turn_cancelled", "worker_state_changed"]);
    assert_eq!(events[0]["reason"], "now");
    assert_eq!((&events[1]["from"], &events[1]["to"]), (&json!("running"), &json!("stopped")));
    assert_eq!(world.ok(get_turn(worker, turn_id)).await["turn"]["outcome"], "cancelled");
    assert_eq!(world.detail(worker).await["end_reason"], "now");
}

#[tokio::test(start_paused = true)]
async fn a_later_stop_may_bring_the_deadline_forward_and_never_back() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let began = tokio::time::Instant::now();
    world.ok(within(worker, 5000)).await;
    for (deadline_ms, reason) in [(2000, "sooner"), (9000, "later")] {
        let again = world.ok(and(within(worker, deadline_ms), json!({ "reason": reason }))).await;
        assert_eq!((&again["state"], &again["already"]), (&json!("stopping"), &json!(true)));
    }
    world.ok(stop(worker)).await;
    world.finished(worker, turn_id).await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(world.detail(worker).await.get("end_reason"), None, "an `already` keeps no reason");
}

#[tokio::test(start_paused = true)]
async fn a_later_stop_with_a_deadline_of_zero_ends_it_now() {
    let given = Given::worker(WorkerState::Stopping).await;
    let Given { world, worker, .. } = &given;
    let reply = world.ok(within(worker, 0)).await;
    assert_eq!(reply["state"], "stopped");
    let events = given.events_after(&reply["cursor"]).await;
    assert_eq!(types(&events), ["turn_cancelled", "worker_state_changed"]);
    assert_eq!(world.state(worker).await, "stopped");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_for_the_turn_it_was_given_for_alone() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, .. } = &given;
    world.ok(within(worker, 3000)).await;
    world.ok(cancel_turn(worker)).await;
    assert_eq!(world.state(worker).await, "stopped");
    let events = world.events(worker).await;
    tokio::time::sleep(PAUSE).await;
    assert_eq!(world.events(worker).await, events);
}

#[tokio::test(start_paused = true)]
async fn a_reason_of_a_stop_that_is_already_is_not_kept() {
    for state in [WorkerState::Stopping, WorkerState::Stopped, WorkerState::Cancelled] {
        let given = Given::worker(state).await;
        let before = given.world.everything().await;
        given.world.ok(and(stop(&given.worker), json!({ "reason": "too late" }))).await;
        assert_eq!(given.world.everything().await, before, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_last_turn_stops_the_worker_too() {
    let script = llm_engine::Script::new().text(FIRST_PIECE).delay(PAUSE).end_early();
    let world = crate::support::World::builder().script(script).build().await;
    let given = Given::worker_in(world, WorkerState::Stopping).await;
    let Given { world, worker, turn_id } = &given;
    let turn = world.finished(worker, turn_id).await;
    assert_eq!(turn["turn"]["outcome"], "failed");
    assert_eq!(world.state(worker).await, "stopped");
    let events = world.events(worker).await;
    assert_eq!(types(&events[events.len() - 2..]), ["turn_failed", "worker_state_changed"]);
}
