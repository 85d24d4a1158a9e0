//! The newest events of one Worker, in memory while somebody may want them.

use crate::{
    log::{EventRun, Gone, Parts, Runs},
    sync::{WakeList, Wakers},
};

/// The newest events of one Worker. Older ones are in the store.
#[derive(Debug)]
pub(crate) struct WorkerLog {
    commits: Runs<EventRun, SEGMENT>,
    /// Readers that keep the log in memory between turns.
    pub(crate) readers: usize,
    pub(crate) waiting: WakeList,
}

/// Commits in a segment: a kilobyte, which comes and goes while the log is read, and which allocators
/// keep at hand.
const SEGMENT: usize = 32;

/// Readers that are further behind read from the store.
const CAPACITY: u64 = 256;

impl WorkerLog {
    /// The log of a Worker whose last event has this sequence, with none of the events so far.
    pub(crate) fn behind(last: u64) -> Self {
        Self { commits: Runs::starting_at(last + 1), readers: 0, waiting: WakeList::default() }
    }

    /// Appends a commit's events; gives back what fell out, to be dropped outside the lock.
    pub(crate) fn append(&mut self, run: EventRun) -> Gone<EventRun> {
        self.commits.push(run);
        self.commits.keep_newest(CAPACITY)
    }

    /// The sequence before the oldest event in memory.
    pub(crate) fn floor(&self) -> u64 {
        self.commits.oldest() - 1
    }

    /// Copies up to `limit` events after `sequence`, or nothing if the log does not reach back that
    /// far.
    pub(crate) fn copy_after(&self, sequence: u64, limit: usize) -> Option<Parts<EventRun>> {
        (sequence >= self.floor()).then(|| self.commits.copy_after(sequence, limit))
    }

    /// Erases names and texts.
    pub(crate) fn redact(&mut self) {
        self.commits.iter_mut().for_each(EventRun::redact);
    }

    pub(crate) fn take_waiting(&mut self) -> Wakers {
        self.waiting.take()
    }
}
