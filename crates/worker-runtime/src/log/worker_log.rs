//! The newest events of one Worker, kept in memory while there are readers.

use std::sync::Arc;

use super::{EventLog, Published};
use crate::sync::{WakeList, Wakers};

/// The newest events of one Worker, and the readers that wait for more. Older events are in the
/// store. A Worker without readers has no such log, and all of its events are in the store.
#[derive(Debug)]
pub(crate) struct WorkerLog {
    pub(crate) events: EventLog,
    /// The number of readers. The log is kept in memory as long as there are any.
    pub(crate) readers: usize,
    pub(crate) waiting: WakeList,
}

/// The number of events that a Worker's log keeps in memory. Readers that are further behind read
/// from the store.
const CAPACITY: u64 = 256;

impl WorkerLog {
    /// Creates an empty log for a Worker whose last event has the sequence `head`.
    pub(crate) fn after_head(head: u64) -> Self {
        let events = EventLog::after_head(head, CAPACITY);
        Self { events, readers: 0, waiting: WakeList::default() }
    }

    /// Appends the events of a commit. Returns the commits that are no longer kept, and the wakers
    /// of the readers that wait for events.
    #[must_use = "both are for when no lock is held"]
    pub(crate) fn append(&mut self, commit: Published) -> (Vec<Arc<Published>>, Wakers) {
        (self.events.append(commit), self.waiting.take())
    }
}
