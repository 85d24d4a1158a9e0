//! The Runtime's own log: every Worker's events in one order, with the counts that go with it.

use std::{collections::VecDeque, sync::Arc};

use super::{StoredEvent, WakeList, Wakers};
use crate::{
    identity::WorkerId,
    model::{Diagnostic, OutcomeCounts, RuntimeState, StateCounts, Usage},
    record::Tags,
};

/// What lies under the Runtime log's mutex.
#[derive(Debug)]
pub(crate) struct RuntimeLog {
    slots: VecDeque<Slot>,
    capacity: usize,
    /// The sequence of the newest event.
    pub(crate) head: u64,
    pub(crate) state: LogState,
    pub(crate) waiting: WakeList,
}

/// The figures that move with the events.
#[derive(Clone, Debug)]
pub(crate) struct LogState {
    pub(crate) runtime: RuntimeState,
    pub(crate) workers: StateCounts,
    pub(crate) turns_in_flight: u64,
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) usage: Usage,
    /// Whether streams end when they have delivered everything.
    pub(crate) closed: bool,
}

/// One event in the log.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) source: Source,
}

impl Slot {
    /// Bytes of the texts that the event shows, roughly.
    pub(crate) fn text_bytes(&self) -> usize {
        match &self.source {
            Source::Worker { event, .. } => event.text_bytes(),
            Source::Runtime { .. } => 0,
        }
    }
}

/// Whose event it is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Worker {
        worker_id: WorkerId,
        worker_sequence: u64,
        /// The same Worker's event before, so that deletion finds them all; 0 for none.
        previous: u64,
        event: StoredEvent,
    },
    Runtime {
        at_ms: u64,
        tags: Option<Arc<Tags>>,
        fact: RuntimeFact,
    },
}

/// What happened to the Runtime itself.
#[derive(Clone, Debug)]
pub(crate) enum RuntimeFact {
    Started,
    Stopping { reason: Option<Arc<str>> },
    Stopped,
    Diagnostic(Arc<Diagnostic>),
}

impl RuntimeLog {
    pub(crate) fn new(capacity: usize, state: LogState) -> Self {
        Self { slots: VecDeque::new(), capacity, head: 0, state, waiting: WakeList::default() }
    }

    /// Appends an event and gives back what fell out, to be dropped outside the lock.
    pub(crate) fn append(&mut self, source: Source) -> Option<Slot> {
        self.head += 1;
        let fallen = if self.slots.len() == self.capacity { self.slots.pop_front() } else { None };
        self.slots.push_back(Slot { source });
        fallen
    }

    /// The sequence before the oldest event that is kept.
    pub(crate) fn floor(&self) -> u64 {
        self.head - self.slots.len() as u64
    }

    /// The events after `sequence`, which is not below the floor.
    pub(crate) fn after(&self, sequence: u64) -> impl Iterator<Item = &Slot> {
        let skipped = usize::try_from(sequence.saturating_sub(self.floor())).unwrap_or(usize::MAX);
        self.slots.range(skipped.min(self.slots.len())..)
    }

    /// Erases names and texts of a Worker's events, from its newest one back.
    pub(crate) fn redact(&mut self, mut sequence: u64) {
        let floor = self.floor();
        while sequence > floor {
            let Ok(place) = usize::try_from(sequence - floor - 1) else { return };
            let Some(Slot { source: Source::Worker { previous, event, .. } }) =
                self.slots.get_mut(place)
            else {
                return;
            };
            event.redact();
            sequence = *previous;
        }
    }

    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.waiting.take()
    }
}
