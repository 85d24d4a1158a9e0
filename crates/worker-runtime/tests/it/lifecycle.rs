//! The lifecycle of a Worker: every cell of the table, one file for each command.

mod cancel_turn;
mod cancel_worker;
mod create_worker;
mod delete_worker;
mod send_input;
mod stop_runtime;
mod stop_worker;
mod turn_ends;
mod update_worker;

use serde_json::{Value, json};
use worker_runtime::{
    lifecycle::{self, LifecycleInput, Transition},
    model::{TurnOutcome, WorkerState},
};

use crate::support::{FIRST_PIECE, World, read_events, scope_of, texts, types, without};

/// A cell of the table, with everything that follows from it.
struct Cell {
    state: WorkerState,
    answer: Transition,
    /// The reply without its `cursor`, or the error without `message` and `retry`.
    reply: fn(&Given) -> Value,
    /// The types of the events that the command causes, in order.
    events: &'static [&'static str],
    /// The transcript after the command.
    texts: &'static [(&'static str, &'static str, bool)],
}

/// A Worker in some state.
struct Given {
    world: World,
    worker: Value,
    /// The Worker's latest turn, or null.
    turn_id: Value,
}

const NOTHING_SAID: &[(&str, &str, bool)] = &[];
const HALF_SAID: &[(&str, &str, bool)] = &[("user", "hi", false), ("assistant", FIRST_PIECE, true)];
const BEING_ANSWERED: &[(&str, &str, bool)] = &[("user", "hi", false)];

const fn becomes(state: WorkerState) -> Transition {
    Transition::Becomes { state, turn: None }
}

const fn cancels(state: WorkerState) -> Transition {
    Transition::Becomes { state, turn: Some(TurnOutcome::Cancelled) }
}

const fn refuses(code: &'static str) -> Transition {
    Transition::Refused { code }
}

impl Given {
    /// A Worker in `state`. The answer of a running or stopping Worker is [`FIRST_PIECE`] so far.
    async fn worker(state: WorkerState) -> Self {
        Self::worker_in(World::new().await, state).await
    }

    async fn worker_in(world: World, state: WorkerState) -> Self {
        let worker = world.worker().await;
        let mut turn_id = Value::Null;
        match state {
            WorkerState::Idle => {}
            WorkerState::Running => turn_id = world.running(&worker, FIRST_PIECE).await,
            WorkerState::Stopping => {
                turn_id = world.running(&worker, FIRST_PIECE).await;
                world.ok(crate::support::stop(&worker)).await;
            }
            WorkerState::Stopped => {
                world.ok(crate::support::stop(&worker)).await;
            }
            WorkerState::Cancelled => {
                world.ok(crate::support::cancel_worker(&worker)).await;
            }
        }
        let given = Self { world, worker, turn_id };
        assert_eq!(given.world.state(&given.worker).await, name(state), "the test's own beginning");
        given
    }

    /// The Worker's events after `cursor`.
    async fn events_after(&self, cursor: &Value) -> Vec<Value> {
        self.world.events_after(&scope_of(&self.worker), cursor).await
    }
}

fn name(state: WorkerState) -> String {
    json!(state).as_str().expect("a state is a string").to_owned()
}

/// Handles `request` in every state and compares the results with `cells`, a column of the table.
async fn check(trigger: LifecycleInput, cells: &[Cell], request: impl Fn(&Given) -> Value) {
    let states: Vec<WorkerState> = cells.iter().map(|cell| cell.state).collect();
    assert_eq!(states, WorkerState::ALL, "a cell for each state");
    for cell in cells {
        assert_eq!(lifecycle::transition(cell.state, trigger), cell.answer, "{:?}", cell.state);
        check_cell(cell, &request).await;
    }
}

async fn check_cell(cell: &Cell, request: impl Fn(&Given) -> Value) {
    let given = Given::worker(cell.state).await;
    let Given { world, worker, .. } = &given;
    let shown = format!("{:?}: {}", cell.state, request(&given)["type"]);
    let before = world.everything().await;
    let cursor = world.ok(crate::support::get_worker(worker)).await["cursor"].clone();
    let sequence = world.detail(worker).await["worker_sequence"].as_u64();

    let outcome = world.call(request(&given)).await;

    let is_error = outcome.is_err();
    let said = outcome.unwrap_or_else(|error| without(error, ["message", "retry"]));
    if let Some(own) = said.get("cursor") {
        assert_eq!(*own, cursor, "{shown}: the cursor is right before the command's first event");
    }
    let expected = (cell.reply)(&given);
    assert_eq!(without(said, ["cursor", "detail"]), expected, "{shown}: reply");
    assert_eq!(is_error, matches!(cell.answer, Transition::Refused { .. }), "{shown}: verdict");

    match cell.answer {
        Transition::Becomes { state, .. } => {
            let events = given.events_after(&cursor).await;
            assert_eq!(types(&events), cell.events, "{shown}: events");
            assert_eq!(
                events[0]["worker_sequence"].as_u64(),
                sequence.map(|sequence| sequence + 1)
            );
            let change = events.last().expect("an event");
            assert_eq!(change["from"], name(cell.state), "{shown}: from");
            assert_eq!(change["to"], name(state), "{shown}: to");
            assert_eq!(world.state(worker).await, name(state), "{shown}: state");
            assert_eq!(texts(&world.transcript(worker).await), cell.texts, "{shown}: transcript");
        }
        Transition::Removed => {
            let error = world.refused(crate::support::get_worker(worker)).await;
            assert_eq!(error["code"], "worker_not_found", "{shown}");
            let after = before["runtime"]["cursor"].clone();
            let events = world.events_after(&crate::support::runtime_scope(), &after).await;
            assert_eq!(types(&events), cell.events, "{shown}: events");
        }
        Transition::NoTurn
        | Transition::Already
        | Transition::Ignored
        | Transition::Refused { .. } => {
            assert_eq!(cell.events, [""; 0], "a command without an effect has no events");
            assert_eq!(world.everything().await, before, "{shown}: no trace");
        }
    }
}

/// Checks that each column of the table has its test file.
#[test]
fn the_table_has_a_file_for_each_column() {
    let columns: Vec<String> = LifecycleInput::ALL.iter().map(ToString::to_string).collect();
    for column in &columns {
        let file = format!("{}/tests/it/lifecycle/{column}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let trigger: String = column.split('_').map(capitalised).collect();
        assert!(
            text.contains(&format!("LifecycleInput::{trigger}, &CELLS")),
            "{file} checks the column"
        );
    }
    let rows: Vec<WorkerState> = lifecycle::TABLE.iter().map(|(state, _)| *state).collect();
    assert_eq!(rows, WorkerState::ALL);
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[tokio::test(start_paused = true)]
async fn a_detail_shows_the_commands_that_change_something() {
    let expected = |state| match state {
        WorkerState::Idle => json!(["send_input", "stop_worker", "cancel_worker", "update_worker"]),
        WorkerState::Running => {
            json!(["cancel_turn", "stop_worker", "cancel_worker", "update_worker"])
        }
        WorkerState::Stopping => json!(["cancel_turn", "cancel_worker", "update_worker"]),
        WorkerState::Stopped | WorkerState::Cancelled => json!(["delete_worker", "update_worker"]),
    };
    for state in WorkerState::ALL {
        let given = Given::worker(state).await;
        let detail = given.world.detail(&given.worker).await;
        assert_eq!(detail["allowed_commands"], expected(state), "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_one_commit_become_visible_together() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    let mut stream = world.stream(&scope_of(worker)).await;
    crate::support::collect(&mut stream, |item| item["type"] == "synced").await;
    world.clock.advance(5);
    world.ok(crate::support::cancel_turn(worker)).await;
    let all = world.ok(read_events(&scope_of(worker))).await;
    let at: Vec<&Value> = all["items"].as_array().expect("items").iter().rev().take(2).collect();
    assert_eq!(at[0]["at_ms"], at[1]["at_ms"]);
    assert_eq!(at[1]["turn_id"], *turn_id);
    // A reader of the terminal event can send the next input at once.
    crate::support::collect(&mut stream, |item| item["type"] == "turn_cancelled").await;
    assert_eq!(world.state(worker).await, "idle");
    world.ok(crate::support::send(worker, "again")).await;
}
