//! The page `docs/lifecycle.md`, which a test compares with the lifecycle table.

use std::{env, fs, path::Path};

use serde::Serialize;

use crate::{
    lifecycle::{LifecycleInput, TABLE, Transition},
    model::WorkerState,
};

const HEAD: &str = "\
# The life of a Worker

Generated from the table that the code goes by; `UPDATE_GOLDEN=1 cargo test -p worker-runtime` refreshes it.
`cancel_turn` is the one that names no turn. Past the deadline of a `stop_worker`, or at once if that is 0,
the running turn is `cancelled` and the Worker `stopped` in one commit. `update_worker` is allowed everywhere.

```mermaid
stateDiagram-v2
    [*] --> idle: create_worker
";

/// Returns the table as a Markdown page with a state diagram in Mermaid's notation.
fn page() -> String {
    let arrows: String = TABLE
        .iter()
        .flat_map(|(state, answers)| {
            LifecycleInput::ALL.iter().zip(answers).map(move |cell| (state, cell))
        })
        .filter_map(|(state, (trigger, answer))| arrow(*state, *trigger, *answer))
        .collect();
    let columns = LifecycleInput::ALL.map(|trigger| format!(" `{trigger}` |")).concat();
    let rule = " --- |".repeat(1 + LifecycleInput::ALL.len());
    let rows: String = TABLE.iter().map(|(state, answers)| row(*state, answers)).collect();
    format!("{HEAD}{arrows}```\n\n| state |{columns}\n|{rule}\n{rows}")
}

/// Returns a change of state as a line of the diagram, or `None` if the state does not change.
fn arrow(state: WorkerState, trigger: LifecycleInput, answer: Transition) -> Option<String> {
    let from = name(&state);
    match answer {
        Transition::Becomes { state, turn: None } => {
            Some(format!("    {from} --> {}: {trigger}\n", name(&state)))
        }
        Transition::Becomes { state, turn: Some(outcome) } => {
            let (to, outcome) = (name(&state), name(&outcome));
            Some(format!("    {from} --> {to}: {trigger} (turn {outcome})\n"))
        }
        Transition::Removed => Some(format!("    {from} --> [*]: {trigger}\n")),
        Transition::NoTurn
        | Transition::Already
        | Transition::Ignored
        | Transition::Refused { .. } => None,
    }
}

fn row(state: WorkerState, answers: &[Transition]) -> String {
    let cells: Vec<String> = answers.iter().map(|answer| cell(*answer)).collect();
    format!("| `{}` | {} |\n", name(&state), cells.join(" | "))
}

fn cell(answer: Transition) -> String {
    match answer {
        Transition::Becomes { state, turn: None } => format!("→ `{}`", name(&state)),
        Transition::Becomes { state, turn: Some(outcome) } => {
            format!("→ `{}`, turn `{}`", name(&state), name(&outcome))
        }
        Transition::NoTurn => "`no_turn`".to_owned(),
        Transition::Already => "`already`".to_owned(),
        Transition::Removed => "removed".to_owned(),
        Transition::Ignored => "–".to_owned(),
        Transition::Refused { code } => format!("error `{code}`"),
    }
}

/// Returns the name of a state or an outcome on the wire.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}

#[test]
fn the_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lifecycle.md");
    let page = page();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found, page, "refresh it: UPDATE_GOLDEN=1 cargo test -p worker-runtime");
}
