//! What callers do, at random.

use proptest::prelude::*;

use crate::history::{Step, step};

/// One thing that a caller does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Step(Step),
    /// Asks everything there is to ask about a Worker and the Runtime.
    Look(usize),
    StopRuntime {
        keep: bool,
        deadline_ms: Option<u64>,
    },
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => step().prop_map(Act::Step),
        3 => (0..6_usize).prop_map(Act::Look),
    ];
    prop::collection::vec(act, 0..15)
}

/// The end of some histories.
pub(crate) fn end() -> impl Strategy<Value = Option<Act>> {
    let deadline = prop::option::of(0..20_u64);
    let stop = (any::<bool>(), deadline)
        .prop_map(|(keep, deadline_ms)| Act::StopRuntime { keep, deadline_ms });
    prop::option::weighted(0.3, stop)
}
