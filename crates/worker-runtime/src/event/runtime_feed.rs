//! What the Runtime's log has for a reader.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    EndReason, Room, WakeSlot,
    log_reader::{Found, Wanted},
    stretch::Stretch,
};
use crate::core::Core;

/// The Runtime's log, and the reader's place among those who wait for it.
#[derive(Debug, Default)]
pub(super) struct RuntimeFeed {
    slot: WakeSlot,
}

impl RuntimeFeed {
    pub(super) fn poll(
        &mut self,
        core: &Core,
        wanted: Wanted,
        context: &Context<'_>,
    ) -> Poll<Found> {
        let Wanted { position, .. } = wanted;
        let mut log = core.log.lock();
        if position < log.floor() {
            return Poll::Ready(Found::Missed { floor: log.floor() });
        }
        if position < log.head {
            let available = wanted.up_to(log.head);
            if let Some((stretch, start)) = log.recent.find(position, available) {
                let end = stretch.len().min(start + available);
                return Poll::Ready(Found::Events(stretch, start..end));
            }
            let slots = log.after(position).take(available);
            let stretch = Stretch::new(core, Room::Runtime(core.epoch), position, slots);
            let replaced = log.recent.keep(Arc::clone(&stretch));
            drop(log);
            drop(replaced);
            let end = stretch.len();
            return Poll::Ready(Found::Events(stretch, 0..end));
        }
        if log.state.closed {
            return Poll::Ready(Found::Ended(EndReason::RuntimeStopped));
        }
        log.waiting.park(&mut self.slot, context.waker());
        Poll::Pending
    }

    /// Frees the reader's place.
    pub(super) fn leave(&self, core: &Core) {
        let waker = core.log.lock().waiting.leave(self.slot);
        drop(waker);
    }
}
