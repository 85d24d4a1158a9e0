//! Reads the Runtime's log.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use super::next::{AT_ONCE, Next, event_after};
use crate::{log::Published, model::EndReason, state::core::Core, sync::WakeSlot};

/// Reads the Runtime's log, which is in memory only.
#[derive(Debug, Default)]
pub(super) struct RuntimeReader {
    /// Commits that were read and not delivered completely.
    pending: VecDeque<Arc<Published>>,
    slot: WakeSlot,
}

impl RuntimeReader {
    /// Returns the item after `position`, or parks the waker if there is none yet.
    pub(super) fn poll_next(
        &mut self,
        core: &Core,
        position: u64,
        context: &Context<'_>,
    ) -> Poll<Next> {
        loop {
            if let Some((commit, index)) = event_after(position, &mut self.pending) {
                return Poll::Ready(Next::Event(commit, index));
            }
            self.slot.bring(context);
            let mut board = core.log.lock();
            if position < board.events().floor() {
                return Poll::Ready(Next::Missed { floor: board.events().floor() });
            }
            if position == board.head() {
                if board.figures.closed {
                    return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
                }
                board.waiting.park(&mut self.slot);
                return Poll::Pending;
            }
            self.pending = board.events().after(position, AT_ONCE);
        }
    }

    /// Removes the reader's waker from those that wait for events.
    pub(super) fn leave(&self, core: &Core) {
        let waker = core.log.lock().waiting.leave(&self.slot);
        drop(waker);
    }
}
