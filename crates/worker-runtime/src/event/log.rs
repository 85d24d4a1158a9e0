//! The newest events of one Worker, in memory while somebody may want them.

use std::collections::VecDeque;

use super::{StoredEvent, WakeList, Wakers};

/// The newest events of one Worker. Older ones are in the store.
#[derive(Debug, Default)]
pub(crate) struct WorkerLog {
    events: VecDeque<StoredEvent>,
    /// Readers that keep the log in memory between turns.
    pub(crate) readers: usize,
    pub(crate) waiting: WakeList,
}

/// Readers that are further behind read from the store.
const CAPACITY: usize = 256;

impl WorkerLog {
    /// Appends events; gives back what fell out, to be dropped outside the lock.
    pub(crate) fn append(&mut self, events: impl Iterator<Item = StoredEvent>) -> Vec<StoredEvent> {
        self.events.extend(events);
        let surplus = self.events.len().saturating_sub(CAPACITY);
        self.events.drain(..surplus).collect()
    }

    /// Copies up to `limit` events after `sequence`, or nothing if the log does not reach back that
    /// far; `head` is the sequence of its last event.
    pub(crate) fn after(&self, sequence: u64, head: u64, limit: usize) -> Option<Vec<StoredEvent>> {
        let wanted = usize::try_from(head.checked_sub(sequence)?).ok()?;
        let start = self.events.len().checked_sub(wanted)?;
        Some(self.events.range(start..).take(limit).cloned().collect())
    }

    /// How many events are in memory.
    pub(crate) fn len(&self) -> u64 {
        self.events.len() as u64
    }

    /// Erases names and texts.
    pub(crate) fn redact(&mut self) {
        self.events.iter_mut().for_each(StoredEvent::redact);
    }

    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.waiting.take()
    }
}
