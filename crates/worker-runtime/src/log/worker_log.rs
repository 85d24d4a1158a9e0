//! The newest events of one Worker, in memory while somebody may want them.

use std::sync::Arc;

use super::{EventLog, Published};
use crate::sync::{WakeList, Wakers};

/// The newest events of one Worker, and the readers that wait for more. Older events are in the
/// store, and so are all of them while nobody reads: then a Worker has no such log.
#[derive(Debug)]
pub(crate) struct WorkerLog {
    pub(crate) events: EventLog,
    /// Readers that keep the log in memory.
    pub(crate) readers: usize,
    pub(crate) waiting: WakeList,
}

/// Events that a Worker's log keeps in memory. Readers that are further behind read from the store.
const CAPACITY: u64 = 256;

impl WorkerLog {
    /// The log of a Worker whose last event has the sequence `head`, with none of the events so far.
    pub(crate) fn after_head(head: u64) -> Self {
        let events = EventLog::after_head(head, CAPACITY);
        Self { events, readers: 0, waiting: WakeList::default() }
    }

    /// Appends the events of a commit; gives back what is no longer kept, and who waits for events.
    #[must_use = "both are for when no lock is held"]
    pub(crate) fn append(&mut self, commit: Published) -> (Vec<Arc<Published>>, Wakers) {
        (self.events.append(commit), self.waiting.take())
    }
}
