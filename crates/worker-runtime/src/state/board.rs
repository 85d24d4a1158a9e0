//! What all readers of the Runtime share: its log, its figures and its list of Workers.

use std::sync::Arc;

use crate::{
    log::{EventBlock, EventLog, Published, RuntimeSource, Source},
    model::{OutcomeCounts, RuntimeState, Usage},
    state::listing::Listing,
    sync::{WakeList, Wakers},
};

/// What lies under the lock of the Runtime's log: a commit moves all of it in one hold, so that
/// nobody sees an event without the figures and the list that go with it.
#[derive(Debug)]
pub(crate) struct Board {
    events: EventLog,
    pub(crate) figures: Figures,
    pub(crate) listing: Listing,
    /// Readers that wait for the next event.
    pub(crate) waiting: WakeList,
}

/// The figures that move with the events.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) runtime: RuntimeState,
    pub(crate) turns_in_flight: u64,
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) usage: Usage,
    /// Whether streams end when they have delivered everything.
    pub(crate) closed: bool,
}

impl Board {
    /// A board without events, whose log keeps the newest `capacity`.
    pub(crate) fn new(capacity: u64, figures: Figures) -> Self {
        Self {
            events: EventLog::after_head(0, capacity),
            figures,
            listing: Listing::default(),
            waiting: WakeList::default(),
        }
    }

    pub(crate) fn events(&self) -> &EventLog {
        &self.events
    }

    /// The sequence of the newest event.
    pub(crate) fn head(&self) -> u64 {
        self.events.head()
    }

    /// Appends the events of a Worker's commit; `previous` is the sequence of an event of the same
    /// Worker's commit before, or 0. Gives back what falls out, to be dropped outside the lock.
    pub(crate) fn append_commit(
        &mut self,
        block: Arc<EventBlock>,
        previous: u64,
    ) -> Vec<Arc<Published>> {
        let mut commit = Published::new(self.head() + 1, Source::Worker(block));
        commit.previous = previous;
        self.events.append(commit)
    }

    /// Appends an event of the Runtime itself. Gives back what falls out, to be dropped outside the
    /// lock.
    pub(crate) fn append_own(&mut self, source: RuntimeSource) -> Vec<Arc<Published>> {
        self.events.append(Published::new(self.head() + 1, Source::Runtime(source)))
    }

    /// Erases names and texts from a Worker's events, from one of its newest commit back.
    pub(crate) fn redact(&mut self, mut sequence: u64) {
        while let Some(commit) = self.events.redact(sequence) {
            sequence = commit.previous;
        }
    }

    /// Everybody who waits for an event, to be woken when no lock is held.
    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.waiting.take()
    }
}
