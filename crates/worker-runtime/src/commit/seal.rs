//! Seals the text of a running turn, so that it does not grow between the decision to end the turn
//! and the commit.

use std::sync::Arc;

use crate::{
    domain::snapshot::PartialAnswer,
    state::{live::Live, worker_cell::CellState},
    sync::Executor,
};

/// Whether a change may end the running turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seal {
    /// The change may end the turn. The text of the turn is sealed before the decision.
    Yes,
    /// The change cannot end the turn.
    No,
}

/// A running turn whose text is sealed.
///
/// Dropping this unseals the text and wakes the tasks that wait for that, so it must be dropped
/// with no lock held. If the turn has ended meanwhile, the turn stays ended. Text is unsealed in no
/// other way, whatever the outcome of the change.
#[derive(Debug)]
pub(crate) struct SealedTurn {
    live: Arc<Live>,
    /// Whether this seal is the one that sealed the text. A commit whose outcome is unknown keeps
    /// its seal until it is settled, and a change that is refused meanwhile must not unseal the
    /// text.
    is_first: bool,
    executor: Executor,
}

impl SealedTurn {
    /// Seals the running turn of a Worker, if there is one, and returns its text and usage too.
    pub(crate) fn of(state: &CellState, executor: &Executor) -> (Option<Self>, PartialAnswer) {
        let Some(live) = &state.live else { return (None, PartialAnswer::default()) };
        let (text, usage, is_first) = live.seal();
        let (live, executor) = (Arc::clone(live), executor.clone());
        (Some(Self { live, is_first, executor }), PartialAnswer { text, usage })
    }
}

impl Drop for SealedTurn {
    fn drop(&mut self) {
        if self.is_first {
            let (readers, driver) = self.live.unseal();
            self.executor.wake(readers);
            self.executor.wake_tasks(driver);
        }
    }
}
