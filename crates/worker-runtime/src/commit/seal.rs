//! The text of a running turn must not grow between the decision to end the turn and the commit.

use std::sync::Arc;

use crate::{
    domain::snapshot::PartialAnswer,
    state::{live::Live, worker_cell::CellState},
    sync::contained,
};

/// Whether a change may end the running turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seal {
    /// It may: the text of the turn is sealed before the decision.
    Yes,
    /// It cannot.
    No,
}

/// A running turn whose text does not grow.
///
/// Dropping this lets the text grow again and wakes whoever waits for that, so it has to be dropped with
/// no lock held. If the turn has ended meanwhile, the drop does nothing: whatever became of the change,
/// this is the one way back.
#[derive(Debug)]
pub(crate) struct SealedTurn {
    live: Arc<Live>,
    /// The text was not sealed before. A commit whose outcome is unknown keeps its seal until it is
    /// settled, and changes that are refused meanwhile must not break it.
    is_first: bool,
}

impl SealedTurn {
    /// Seals the running turn of a Worker, if there is one, and gives its text and usage.
    pub(crate) fn of(state: &CellState) -> (Option<Self>, PartialAnswer) {
        let Some(live) = &state.live else { return (None, PartialAnswer::default()) };
        let (text, usage, is_first) = live.seal();
        (Some(Self { live: Arc::clone(live), is_first }), PartialAnswer { text, usage })
    }
}

impl Drop for SealedTurn {
    fn drop(&mut self) {
        if self.is_first {
            let waiting = self.live.unseal();
            // A waker that panics costs its own task.
            let _ = contained(|| waiting.wake());
        }
    }
}
