//! The Runtime's log, its figures and its list of Workers, behind one lock.

use std::sync::Arc;

use crate::{
    log::{EventBlock, EventLog, Published, RuntimeSource, Source},
    model::{OutcomeCounts, RuntimeState, Usage},
    state::listing::Listing,
    sync::{WakeList, Wakers},
};

/// The state that the lock of the Runtime's log guards. A commit changes all of it in one hold of
/// the lock, so that no reader sees an event without its effect on the figures and the list.
#[derive(Debug)]
pub(crate) struct Board {
    events: EventLog,
    pub(crate) figures: Figures,
    pub(crate) listing: Listing,
    /// The wakers of readers that wait for the next event.
    pub(crate) waiting: WakeList,
}

/// The state and the sums of the Runtime, which change together with the events.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) runtime: RuntimeState,
    pub(crate) turns_in_flight: u64,
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) usage: Usage,
    /// Whether the Runtime has ended, so that a stream ends once it has delivered every event.
    pub(crate) closed: bool,
}

impl Board {
    /// Creates a board without events, whose log keeps the newest `capacity` events.
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

    /// Returns the sequence of the newest event, or 0 if there is none.
    pub(crate) fn head(&self) -> u64 {
        self.events.head()
    }

    /// Appends the events of a Worker's commit. `previous` is the sequence of an event of the
    /// Worker's previous commit, or 0. Returns the commits that the log no longer keeps, which the
    /// caller drops outside the lock.
    pub(crate) fn append_commit(
        &mut self,
        block: Arc<EventBlock>,
        previous: u64,
    ) -> Vec<Arc<Published>> {
        let mut commit = Published::new(self.head() + 1, Source::Worker(block));
        commit.previous = previous;
        self.events.append(commit)
    }

    /// Appends an event of the Runtime itself. Returns the commits that the log no longer keeps,
    /// which the caller drops outside the lock.
    pub(crate) fn append_own(&mut self, source: RuntimeSource) -> Vec<Arc<Published>> {
        let source = Source::Runtime(Arc::new(source));
        self.events.append(Published::new(self.head() + 1, source))
    }

    /// Returns the newest commits of a Worker that the log keeps, at most `at_once` of them, and the
    /// sequence from which the older ones go on. `sequence` is that of an event of the newest one.
    pub(crate) fn commits_before(
        &self,
        mut sequence: u64,
        at_once: usize,
    ) -> (Vec<Arc<Published>>, Option<u64>) {
        let mut commits = Vec::new();
        while let Some(commit) = self.events.of(sequence) {
            if commits.len() == at_once {
                return (commits, Some(sequence));
            }
            commits.push(Arc::clone(commit));
            sequence = commit.previous;
        }
        (commits, None)
    }

    /// Replaces commits that are still kept by copies of them. Returns those that are not needed
    /// any more, which the caller drops outside the lock.
    pub(crate) fn replace(&mut self, copies: Vec<Arc<Published>>) -> Vec<Arc<Published>> {
        self.events.replace(copies)
    }

    /// Takes the wakers of all readers that wait for an event, which the caller wakes with no lock
    /// held.
    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.waiting.take()
    }
}
