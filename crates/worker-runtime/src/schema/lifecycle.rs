//! The JSON document of the lifecycle table, for programs in other languages.

use crate::lifecycle::{EVENT_ORDER, LifecycleInput, TABLE, allowed_commands};

/// Returns the lifecycle table as a JSON document.
pub(crate) fn document() -> serde_json::Value {
    let states: Vec<_> = TABLE
        .iter()
        .map(|(state, answers)| {
            let row: serde_json::Map<_, _> = LifecycleInput::ALL
                .iter()
                .zip(answers)
                .map(|(trigger, answer)| (trigger.to_string(), serde_json::json!(answer)))
                .collect();
            serde_json::json!({
                "state": state,
                "terminal": state.is_terminal(),
                "answers": row,
                "allowed_commands": allowed_commands(*state),
            })
        })
        .collect();
    serde_json::json!({
        "title": "Lifecycle",
        "description": "The lifecycle of a Worker: what each command does in each state, and the \
                        order of the events of one commit. `cancel_turn` stands for the command \
                        that names no turn.",
        "states": states,
        "event_order": EVENT_ORDER,
    })
}
