//! What one caller sees of the Runtime: all of it, or a tenant's part.

use std::sync::Arc;

use crate::{
    log::{EventLog, Published, RuntimeSource, Source},
    model::{OutcomeCounts, Usage},
    state::listing::Listing,
    store::Totals,
    sync::WakeList,
};

/// The log of events, the figures and the list of Workers that one caller sees.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) events: EventLog,
    pub(crate) figures: Figures,
    pub(crate) listing: Listing,
    /// The wakers of readers that wait for the next event.
    pub(crate) waiting: WakeList,
}

/// The sums over Workers, which change together with the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) turns_in_flight: u64,
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) usage: Usage,
}

impl Figures {
    /// Raises the sums to what some Workers add up to, at least. Returns whether one was less.
    pub(crate) fn raise_to(&mut self, least: &Totals) -> bool {
        let usage_is_less = self.usage.raise_to(&least.usage);
        self.outcomes.raise_to(&least.outcomes) || usage_is_less
    }
}

impl Part {
    /// Creates a part without events, whose log keeps the newest `capacity` events.
    pub(super) fn new(capacity: u64, figures: Figures) -> Self {
        Self {
            events: EventLog::after_head(0, capacity),
            figures,
            listing: Listing::default(),
            waiting: WakeList::default(),
        }
    }

    /// Appends an event of the Runtime itself, which has the sequence `in_runtime` in the Runtime's
    /// log. Returns the commits that the log no longer keeps.
    pub(super) fn append_own(
        &mut self,
        source: Arc<RuntimeSource>,
        in_runtime: u64,
    ) -> Vec<Arc<Published>> {
        let mut commit = Published::new(self.events.head() + 1, Source::Runtime(source));
        commit.in_runtime = in_runtime;
        self.events.append(commit)
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
}
