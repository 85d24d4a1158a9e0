//! The end of a turn in each state of a Worker.

use serde_json::{Value, json};
use worker_runtime::{
    lifecycle::{self, LifecycleInput, Transition},
    model::WorkerState,
};

use super::{Cell, Given, becomes, name};
use crate::support::{
    ANSWER, FIRST_PIECE, PAUSE, World, and, cancel_turn, cancel_worker, stop, texts, types,
};

const ANSWERED: &[(&str, &str, bool)] = &[("user", "hi", false), ("assistant", ANSWER, false)];
const NOT_HEARD: &[(&str, &str, bool)] = &[("user", "hi", false), ("assistant", FIRST_PIECE, true)];

const CELLS: fn() -> [Cell; 5] = || {
    let ends = |state, to| Cell {
        state,
        answer: becomes(to),
        reply: |_| Value::Null,
        events: &["turn_completed", "worker_state_changed"],
        texts: ANSWERED,
    };
    let ignored = |state| Cell {
        state,
        answer: Transition::Ignored,
        reply: |_| Value::Null,
        events: &[],
        texts: NOT_HEARD,
    };
    [
        ignored(WorkerState::Idle),
        ends(WorkerState::Running, WorkerState::Idle),
        ends(WorkerState::Stopping, WorkerState::Stopped),
        ignored(WorkerState::Stopped),
        ignored(WorkerState::Cancelled),
    ]
};

/// A Worker in `state` whose engine goes on with its answer.
async fn mid_answer(state: WorkerState) -> Given {
    let world = World::new().await;
    let worker = world.worker().await;
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    match state {
        WorkerState::Running => {}
        WorkerState::Idle => drop(world.ok(cancel_turn(&worker)).await),
        WorkerState::Stopping => drop(world.ok(stop(&worker)).await),
        WorkerState::Stopped => {
            world.ok(and(stop(&worker), json!({ "deadline_ms": 0 }))).await;
        }
        WorkerState::Cancelled => drop(world.ok(cancel_worker(&worker)).await),
    }
    Given { world, worker, turn_id }
}

async fn check(trigger: LifecycleInput, cells: &[Cell]) {
    for (cell, state) in cells.iter().zip(WorkerState::ALL) {
        assert_eq!(cell.state, state);
        assert_eq!(lifecycle::transition(state, trigger), cell.answer, "{state:?}");
        let given = mid_answer(state).await;
        let Given { world, worker, .. } = &given;
        let cursor = world.ok(crate::support::get_worker(worker)).await["cursor"].clone();
        tokio::time::sleep(PAUSE * 2).await;
        let events = given.events_after(&cursor).await;
        assert_eq!(types(&events), cell.events, "{state:?}");
        let to = match cell.answer {
            Transition::Becomes { state, .. } => state,
            Transition::NoTurn
            | Transition::Already
            | Transition::Removed
            | Transition::Ignored
            | Transition::Refused { .. } => state,
        };
        assert_eq!(world.state(worker).await, name(to), "{state:?}");
        assert_eq!(texts(&world.transcript(worker).await), cell.texts, "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::TurnEnds, &CELLS()).await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_keeps_what_it_said_and_leaves_the_worker_idle() {
    let script =
        llm_engine::Script::new().usage(crate::support::TOKENS).text(FIRST_PIECE).end_early();
    let world = World::builder().script(script).build().await;
    let worker = world.worker().await;
    let turn_id = world.turn(&worker, "hi").await;
    let events = world.events(&worker).await;
    let end = &events[events.len() - 2];
    assert_eq!(end["type"], "turn_failed");
    assert_eq!(end["error"]["kind"], "interrupted");
    assert_eq!(end["entry"]["truncated"], true);
    assert_eq!(end["usage"]["input_tokens"], 7);
    assert_eq!(world.state(&worker).await, "idle");
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["turn"]["error"], end["error"]);
    assert_eq!(texts(&world.transcript(&worker).await), NOT_HEARD);
}

#[tokio::test(start_paused = true)]
async fn every_turn_has_exactly_one_terminal_event() {
    use llm_engine::{EngineError, ErrorKind, Script};
    let scripts = [
        Script::new().text("ok").finish(),
        Script::new().finish(),
        Script::new().panic(),
        Script::new().panic_at_start(),
        Script::new().text("a").panic(),
        Script::new().error(EngineError::new(ErrorKind::Authentication, "no key")),
        Script::new().text("a").hang(),
        Script::new().hang(),
        Script::new().flood("words "),
        Script::new().text("a").finish().text("b").finish(),
        Script::new(),
    ];
    let mut provider = llm_engine::ScriptedProvider::new();
    for script in &scripts {
        provider = provider.script(script.clone());
    }
    let world =
        World::builder().provider(provider).limits(|limits| limits.turn_ms = 30_000).build().await;
    let worker = world.worker().await;
    for (place, script) in scripts.iter().enumerate() {
        world.turn(&worker, "hi").await;
        assert_eq!(world.state(&worker).await, "idle", "{script:?}");
        let events = world.events(&worker).await;
        let ends = types(&events)
            .iter()
            .filter(|kind| {
                ["turn_completed", "turn_failed", "turn_cancelled", "turn_lost"].contains(kind)
            })
            .count();
        assert_eq!(ends, place + 1, "{script:?}");
    }
    assert_eq!(world.provider.live(), 0);
}
