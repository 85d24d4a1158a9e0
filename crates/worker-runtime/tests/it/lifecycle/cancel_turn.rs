//! `cancel_turn` in each state of a Worker.

use serde_json::{Value, json};
use worker_runtime::{lifecycle::LifecycleInput, model::WorkerState};

use super::{Cell, Given, HALF_SAID, NOTHING_SAID, cancels, check};
use crate::support::{FIRST_PIECE, World, and, cancel_turn, get_turn, scope_of, send, types};

const CELLS: fn() -> [Cell; 5] = || {
    use worker_runtime::lifecycle::Transition::NoTurn;
    let no_turn = |state| Cell {
        state,
        answer: NoTurn,
        reply: |_| json!({ "type": "turn_cancellation", "result": { "type": "no_turn" } }),
        events: &[],
        texts: NOTHING_SAID,
    };
    let cancelled = |state, to| Cell {
        state,
        answer: cancels(to),
        reply: |given| {
            json!({
                "type": "turn_cancellation",
                "result": { "type": "cancelled", "turn_id": given.turn_id },
            })
        },
        events: &["turn_cancelled", "worker_state_changed"],
        texts: HALF_SAID,
    };
    [
        no_turn(WorkerState::Idle),
        cancelled(WorkerState::Running, WorkerState::Idle),
        cancelled(WorkerState::Stopping, WorkerState::Stopped),
        no_turn(WorkerState::Stopped),
        no_turn(WorkerState::Cancelled),
    ]
};

fn named(worker: &Value, turn_id: &Value) -> Value {
    and(cancel_turn(worker), json!({ "turn_id": turn_id }))
}

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::CancelTurn, &CELLS(), |given| cancel_turn(&given.worker)).await;
}

#[tokio::test(start_paused = true)]
async fn the_named_running_turn_is_cancelled() {
    for (state, to) in [(WorkerState::Running, "idle"), (WorkerState::Stopping, "stopped")] {
        let given = Given::worker(state).await;
        let reply = given.world.ok(named(&given.worker, &given.turn_id)).await;
        assert_eq!(reply["result"], json!({ "type": "cancelled", "turn_id": given.turn_id }));
        assert_eq!(given.world.state(&given.worker).await, to);
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_turn_is_already_finished_in_every_state_and_nothing_is_touched() {
    for state in WorkerState::ALL {
        let world = World::new().await;
        let worker = world.worker().await;
        let finished = world.turn(&worker, "first").await;
        match state {
            WorkerState::Idle => {}
            WorkerState::Running | WorkerState::Stopping => {
                world.running(&worker, FIRST_PIECE).await;
            }
            WorkerState::Stopped => {
                world.ok(crate::support::stop(&worker)).await;
            }
            WorkerState::Cancelled => {
                world.ok(crate::support::cancel_worker(&worker)).await;
            }
        }
        if state == WorkerState::Stopping {
            world.ok(crate::support::stop(&worker)).await;
        }
        let before = world.everything().await;
        let reply = world.ok(named(&worker, &finished)).await;
        let expected = json!({ "type": "already_finished", "outcome": "completed" });
        assert_eq!(reply["result"], expected, "{state:?}");
        assert_eq!(world.everything().await, before, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_never_existed_is_an_error_in_every_state() {
    for state in WorkerState::ALL {
        let given = Given::worker(state).await;
        let before = given.world.everything().await;
        let nobody = json!("018bcfe5-6800-7000-8000-0000000000ff");
        let error = given.world.refused(named(&given.worker, &nobody)).await;
        assert_eq!(error["code"], "turn_not_found", "{state:?}");
        assert_eq!(given.world.everything().await, before, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_workers_turn_is_not_found() {
    let given = Given::worker(WorkerState::Running).await;
    let other = given.world.worker().await;
    let error = given.world.refused(named(&other, &given.turn_id)).await;
    assert_eq!(error["code"], "turn_not_found");
    assert_eq!(given.world.state(&given.worker).await, "running");
}

#[tokio::test(start_paused = true)]
async fn reason_meta_text_and_usage_of_a_cancelled_turn_are_kept() {
    let script = llm_engine::Script::new().usage(crate::support::TOKENS).text(FIRST_PIECE).hang();
    let world = World::builder().script(script).build().await;
    let worker = world.worker().await;
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    let request =
        and(cancel_turn(&worker), json!({ "reason": "enough", "meta": { "actor": "bo" } }));
    let reply = world.ok(request).await;

    let events = world.events_after(&scope_of(&worker), &reply["cursor"]).await;
    assert_eq!(types(&events), ["turn_cancelled", "worker_state_changed"]);
    let end = &events[0];
    assert_eq!(end["reason"], "enough");
    assert_eq!(end["turn_id"], turn_id);
    assert_eq!(end["entry"]["text"], FIRST_PIECE);
    assert_eq!(end["entry"]["truncated"], true);
    assert_eq!(end["usage"]["input_tokens"], 7);
    assert_eq!(end["usage"]["turns"], 1);
    assert_eq!(end["meta"], json!({ "actor": "bo" }), "the command that caused it");
    let turn = world.ok(get_turn(&worker, &turn_id)).await;
    assert_eq!(turn["turn"]["outcome"], "cancelled");
    assert_eq!(turn["turn"]["reason"], "enough");
    assert_eq!(turn["answer"], end["entry"]);
    let usage = world.ok(json!({ "type": "get_usage", "scope": scope_of(&worker) })).await;
    assert_eq!(usage["usage"], end["usage"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_cancelled_before_it_spoke_leaves_no_entry() {
    let world = World::builder().provider(llm_engine::ScriptedProvider::hanging()).build().await;
    let worker = world.worker().await;
    world.running(&worker, "").await;
    let reply = world.ok(cancel_turn(&worker)).await;
    let events = world.events_after(&scope_of(&worker), &reply["cursor"]).await;
    assert_eq!(events[0].get("entry"), None);
    assert_eq!(world.transcript(&worker).await["total"], 1);
    assert_eq!(world.detail(&worker).await["last_outcome"], "cancelled");
}

#[tokio::test(start_paused = true)]
async fn truncated_text_stays_in_the_history_that_the_model_is_given() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, .. } = &given;
    world.ok(cancel_turn(worker)).await;
    world.turn(worker, "go on").await;
    let asked = world.provider.requests();
    let heard: Vec<&str> = asked[1].messages.iter().map(|message| &*message.text).collect();
    assert_eq!(heard, ["hi", FIRST_PIECE, "go on"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_cancelled_turn_comes_later() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, .. } = &given;
    world.ok(cancel_turn(worker)).await;
    let events = world.events(worker).await;
    let transcript = world.transcript(worker).await;
    tokio::time::sleep(crate::support::PAUSE * 3).await;
    assert_eq!(world.events(worker).await, events);
    assert_eq!(world.transcript(worker).await, transcript);
    assert_eq!(world.provider.live(), 0, "the engine's call is gone");
    let reply = world.ok(send(worker, "next")).await;
    world.finished(worker, &reply["receipt"]["turn_id"]).await;
}
