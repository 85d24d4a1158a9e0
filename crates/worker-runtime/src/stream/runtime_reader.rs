//! Reads the Runtime's log.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use super::next::{AT_ONCE, Next, event_after};
use crate::{
    log::Published,
    model::{EndReason, LogId},
    state::caller::Caller,
    sync::WakeSlot,
};

/// Reads the log that a caller sees in the scope of the Runtime, which is in memory only.
#[derive(Debug)]
pub(super) struct RuntimeReader {
    caller: Caller,
    /// Commits that were read and not delivered completely.
    pending: VecDeque<Arc<Published>>,
    slot: WakeSlot,
}

impl RuntimeReader {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller, pending: VecDeque::new(), slot: WakeSlot::default() }
    }

    pub(super) fn log_id(&self) -> LogId {
        self.caller.log_id()
    }

    /// Returns the item after `position`, or parks the waker if there is none yet.
    pub(super) fn poll_next(&mut self, position: u64, context: &Context<'_>) -> Poll<Next> {
        loop {
            if let Some((commit, index)) = event_after(position, &mut self.pending) {
                return Poll::Ready(Next::Event(commit, index));
            }
            self.slot.bring(context);
            let mut board = self.caller.core.log.lock();
            let closed = board.closed;
            let Some(part) = board.part_mut(self.caller.tenant.as_deref()) else {
                return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
            };
            if position < part.events.floor() {
                return Poll::Ready(Next::Missed { floor: part.events.floor() });
            }
            if position == part.events.head() {
                if closed {
                    return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
                }
                part.waiting.park(&mut self.slot);
                return Poll::Pending;
            }
            self.pending = part.events.after(position, AT_ONCE);
        }
    }

    /// Removes the reader's waker from those that wait for events.
    pub(super) fn leave(&self) {
        let mut board = self.caller.core.log.lock();
        let part = board.part_mut(self.caller.tenant.as_deref());
        let waker = part.and_then(|part| part.waiting.leave(&self.slot));
        drop(board);
        drop(waker);
    }
}
