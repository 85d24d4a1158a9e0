//! The Runtime's own log: every Worker's events in one order, with the counts and the list that go with it.

use std::sync::Arc;

use crate::{
    identity::WorkerId,
    log::{EventRun, Gone, Parts, Readers, Runs, Spans},
    model::{Diagnostic, OutcomeCounts, RuntimeState, Shared, Tags, Usage},
    state::listing::Listing,
    store::StoredEvent,
    sync::Wakers,
};

/// What lies under the Runtime log's mutex.
#[derive(Debug)]
pub(crate) struct RuntimeLog {
    commits: Runs<Commit, SEGMENT>,
    capacity: u64,
    /// The sequence of the newest event.
    pub(crate) head: u64,
    pub(crate) state: LogState,
    /// The Workers as the events so far leave them: a commit moves both in one hold of the lock.
    pub(crate) listing: Listing,
    pub(crate) readers: Arc<Readers>,
}

/// Commits in a segment of the log.
const SEGMENT: usize = 64;

/// What one commit, or the Runtime itself, left in the log.
#[derive(Clone, Debug)]
pub(crate) enum Commit {
    Worker {
        worker_id: WorkerId,
        /// The place of the first event in the Worker's log.
        worker_sequence: u64,
        /// An event of the same Worker's commit before, so that deletion finds them all; 0 for none.
        previous: u64,
        run: EventRun,
    },
    Runtime(RuntimeSource),
}

/// The figures that move with the events.
#[derive(Clone, Debug)]
pub(crate) struct LogState {
    pub(crate) runtime: RuntimeState,
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
    Worker { worker_id: WorkerId, worker_sequence: u64, event: StoredEvent },
    Runtime(RuntimeSource),
}

/// An event of the Runtime itself.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeSource {
    pub(crate) at_ms: u64,
    pub(crate) tags: Shared<Tags>,
    pub(crate) fact: RuntimeFact,
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
    pub(crate) fn new(capacity: u64, state: LogState) -> Self {
        Self {
            commits: Runs::starting_at(1),
            capacity,
            head: 0,
            state,
            listing: Listing::default(),
            readers: Arc::default(),
        }
    }

    /// Appends events and gives back what fell out, to be dropped outside the lock.
    pub(crate) fn append(&mut self, commit: Commit) -> Gone<Commit> {
        self.commits.push(commit);
        self.head = self.commits.next() - 1;
        let fallen = self.commits.keep_newest(self.capacity);
        self.readers.moved(self.floor(), self.head);
        fallen
    }

    /// The sequence before the oldest event that is kept.
    pub(crate) fn floor(&self) -> u64 {
        self.commits.oldest() - 1
    }

    /// The events after `sequence`, which is not below the floor.
    pub(crate) fn after(&self, sequence: u64) -> impl Iterator<Item = Slot> {
        let first = sequence + 1;
        self.commits.from(first).flat_map(move |(begins, commit)| {
            let place = usize::try_from(first.saturating_sub(begins)).unwrap_or(usize::MAX);
            (place..commit.len()).map(|place| commit.slot(place))
        })
    }

    /// Copies so many of the events after `sequence`, which is not below the floor.
    pub(crate) fn copy_after(&self, sequence: u64, count: usize) -> Parts<Commit> {
        self.commits.copy_after(sequence, count)
    }

    /// Erases names and texts of a Worker's events, from one of its newest commit back.
    pub(crate) fn redact(&mut self, mut sequence: u64) {
        self.readers.forget();
        while let Some(Commit::Worker { previous, run, .. }) = self.commits.get_mut(sequence) {
            run.redact();
            sequence = *previous;
        }
    }

    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.readers.take()
    }
}

impl Commit {
    pub(crate) fn slot(&self, place: usize) -> Slot {
        let source = match self {
            Self::Worker { worker_id, worker_sequence, run, previous: _ } => Source::Worker {
                worker_id: *worker_id,
                worker_sequence: worker_sequence + place as u64,
                event: run.event(place),
            },
            Self::Runtime(source) => Source::Runtime(source.clone()),
        };
        Slot { source }
    }
}

impl Spans for Commit {
    fn len(&self) -> usize {
        match self {
            Self::Worker { run, .. } => run.len(),
            Self::Runtime(_) => 1,
        }
    }
}
