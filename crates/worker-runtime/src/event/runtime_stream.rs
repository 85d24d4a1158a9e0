//! A live stream of the Runtime's log.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use super::{
    EventFilter, RuntimeEvent, StreamEvent, StreamItem, WakeSlot, runtime_log::Slot,
    stream_item::EndReason,
};
use crate::core::Core;

/// Events that are copied under one hold of the log's lock.
pub(super) const READ_AHEAD: usize = 64;

/// Events that are filtered out before the cursor is told again.
pub(super) const LONG_SILENCE: u64 = 256;

/// A reader of the Runtime's log.
#[derive(Debug)]
pub(super) struct RuntimeStream {
    core: Arc<Core>,
    filter: Option<EventFilter>,
    /// The last event that was delivered or filtered out.
    position: u64,
    /// Where the log ended when the stream was made, until that was said.
    sync_at: Option<u64>,
    ahead: VecDeque<Slot>,
    /// The Runtime's deletions when `ahead` was read.
    deletions: u64,
    silence: u64,
    slot: WakeSlot,
    ended: bool,
}

impl RuntimeStream {
    pub(super) fn new(
        core: Arc<Core>,
        filter: Option<EventFilter>,
        position: u64,
        head: u64,
    ) -> Self {
        Self {
            core,
            filter,
            position,
            sync_at: Some(head),
            ahead: VecDeque::new(),
            deletions: 0,
            silence: 0,
            slot: WakeSlot::default(),
            ended: false,
        }
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.sync_at.is_some_and(|at| self.position >= at) {
                self.sync_at = None;
                return Poll::Ready(Some(self.synced()));
            }
            // What was copied before a deletion may hold what is gone since.
            if self.deletions != self.core.deletions.load(Ordering::Acquire) {
                self.ahead.clear();
            }
            if let Some(slot) = self.ahead.pop_front() {
                self.position += 1;
                if let Some(item) = self.deliver(&slot) {
                    return Poll::Ready(Some(item));
                }
                continue;
            }
            match self.read(context) {
                Read::Ahead => {}
                Read::Item(item) => return Poll::Ready(Some(item)),
                Read::Nothing => return Poll::Pending,
            }
        }
    }

    /// Copies what is new, or parks.
    fn read(&mut self, context: &Context<'_>) -> Read {
        let core = Arc::clone(&self.core);
        let mut log = core.log.lock();
        self.deletions = core.deletions.load(Ordering::Acquire);
        if self.position < log.floor() {
            let missed = log.floor() - self.position;
            self.position = log.floor();
            drop(log);
            self.silence = 0;
            let cursor = core.runtime_cursor(self.position);
            return Read::Item(StreamItem::Gap { missed, cursor });
        }
        if self.position < log.head {
            // Not past the place where `synced` is due.
            let until = self.sync_at.unwrap_or(log.head);
            let due = usize::try_from(until - self.position).unwrap_or(usize::MAX);
            self.ahead.extend(log.after(self.position).take(READ_AHEAD.min(due)));
            return Read::Ahead;
        }
        if log.state.closed {
            self.ended = true;
            return Read::Item(StreamItem::Ended { reason: EndReason::RuntimeStopped });
        }
        log.waiting.park(&mut self.slot, context.waker());
        Read::Nothing
    }

    fn deliver(&mut self, slot: &Slot) -> Option<StreamItem> {
        if self.filter.as_ref().is_some_and(|filter| !filter.matches_slot(slot)) {
            self.silence += 1;
            let is_long = self.sync_at.is_none() && self.silence >= LONG_SILENCE;
            return is_long.then(|| self.synced());
        }
        self.silence = 0;
        let Core { owner, epoch, .. } = &*self.core;
        let event = RuntimeEvent::in_runtime_scope(owner, *epoch, self.position, slot);
        let cursor = self.core.runtime_cursor(self.position);
        Some(StreamItem::Event(Box::new(StreamEvent { event, cursor })))
    }

    fn synced(&mut self) -> StreamItem {
        self.silence = 0;
        StreamItem::Synced { cursor: self.core.runtime_cursor(self.position) }
    }
}

enum Read {
    Ahead,
    Item(StreamItem),
    Nothing,
}

impl Drop for RuntimeStream {
    fn drop(&mut self) {
        let waker = self.core.log.lock().waiting.leave(self.slot);
        drop(waker);
    }
}
