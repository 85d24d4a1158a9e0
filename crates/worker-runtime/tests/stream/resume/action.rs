//! The random actions of a caller.

use proptest::prelude::*;

use crate::history::{Step, step};

/// One action of a caller.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Step(Step),
    /// Makes every query about the Runtime and about one Worker.
    Query(usize),
    StopRuntime {
        keep: bool,
        deadline_ms: Option<u64>,
    },
}

pub(crate) fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        8 => step().prop_map(Action::Step),
        3 => (0..6_usize).prop_map(Action::Query),
    ];
    prop::collection::vec(action, 0..15)
}

/// The stop of the Runtime with which some histories end.
pub(crate) fn last_action() -> impl Strategy<Value = Option<Action>> {
    let deadline = prop::option::of(0..20_u64);
    let stop = (any::<bool>(), deadline)
        .prop_map(|(keep, deadline_ms)| Action::StopRuntime { keep, deadline_ms });
    prop::option::weighted(0.3, stop)
}
