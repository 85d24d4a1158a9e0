//! Counts the work in flight, which a Runtime that stops waits for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::{Notify, futures::Notified};

use crate::sync::Executor;

/// The numbers of turns, creations and commits in flight.
///
/// Work is counted in before the check whether the Runtime still takes work, and counted out after
/// its outcome is published. A Runtime that stops therefore waits for all work that it did not
/// refuse, and its last event comes after the events of that work.
///
/// Counting in and the check, and the end of taking work and reading a count, are in one order for
/// all threads ([`Ordering::SeqCst`]), so that one of two that run at once sees the other.
#[derive(Debug)]
pub(crate) struct InFlight {
    turns: AtomicU64,
    creations: AtomicU64,
    commits: AtomicU64,
    unsettled: AtomicU64,
    /// Notified whenever work is counted out.
    changed: Notify,
    /// Whether anybody has ever waited for that, as only a stop does.
    is_waited_for: AtomicBool,
    executor: Executor,
}

/// A kind of work in flight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Work {
    /// A turn that runs or is about to.
    Turn,
    /// A creation of a Worker, from its admission until the Worker is published.
    Creation,
    /// A change of a Worker, from its decision until it is published, also while its outcome is
    /// unknown.
    Commit,
    /// A commit whose outcome is unknown until the store settles it.
    UnsettledCommit,
}

/// Work that is counted in for as long as this value is held.
#[derive(Debug)]
#[must_use = "what is dropped is counted out"]
pub(crate) struct Counted {
    counts: Arc<InFlight>,
    work: Work,
    is_kept: bool,
}

impl InFlight {
    pub(crate) fn new(executor: Executor) -> Arc<Self> {
        Arc::new(Self {
            turns: AtomicU64::new(0),
            creations: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            unsettled: AtomicU64::new(0),
            changed: Notify::new(),
            is_waited_for: AtomicBool::new(false),
            executor,
        })
    }

    fn of(&self, work: Work) -> &AtomicU64 {
        match work {
            Work::Turn => &self.turns,
            Work::Creation => &self.creations,
            Work::Commit => &self.commits,
            Work::UnsettledCommit => &self.unsettled,
        }
    }

    pub(crate) fn count(&self, work: Work) -> u64 {
        self.of(work).load(Ordering::SeqCst)
    }

    /// Whether no turn runs and no commit is unsettled.
    pub(crate) fn is_quiet(&self) -> bool {
        self.count(Work::Turn) == 0 && self.count(Work::UnsettledCommit) == 0
    }

    /// Counts work in.
    pub(crate) fn enter(self: &Arc<Self>, work: Work) -> Counted {
        self.of(work).fetch_add(1, Ordering::SeqCst);
        self.resume(work)
    }

    /// Counts work in, or returns `None` if the count of its kind is `max`.
    pub(crate) fn enter_below(self: &Arc<Self>, work: Work, max: u64) -> Option<Counted> {
        let one_more = |count: u64| (count < max).then_some(count + 1);
        let order = Ordering::SeqCst;
        self.of(work).fetch_update(order, order, one_more).ok().map(|_| self.resume(work))
    }

    /// Returns a value for work that is counted in already, because it was [kept](Counted::keep).
    pub(crate) fn resume(self: &Arc<Self>, work: Work) -> Counted {
        Counted { counts: Arc::clone(self), work, is_kept: false }
    }

    /// Counts out work that was [kept](Counted::keep), under a lock. The caller
    /// [rings](Self::ring) when no lock is held.
    pub(crate) fn leave(&self, work: Work) {
        self.of(work).fetch_sub(1, Ordering::SeqCst);
    }

    /// Returns a future that is ready the next time that work is counted out, or
    /// [`ring`](Self::ring) is called. Only what happens after this call counts, so it is called
    /// before the check whether there is anything to wait for.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.is_waited_for.store(true, Ordering::SeqCst);
        self.changed.notified()
    }

    /// Wakes the tasks that wait for [`changed`](Self::changed).
    pub(crate) fn ring(&self) {
        self.changed.notify_waiters();
        if self.is_waited_for.load(Ordering::SeqCst) {
            self.executor.offer();
        }
    }
}

impl Counted {
    /// Leaves the work counted in. [`InFlight::resume`] takes it over later.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.is_kept {
            self.counts.leave(self.work);
            self.counts.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use tokio::runtime::Handle;

    use super::{InFlight, Work};
    use crate::sync::Executor;

    #[tokio::test]
    async fn what_leaves_between_the_check_and_the_wait_is_seen() {
        let counts = InFlight::new(Executor::new(Handle::current()));
        let turn = counts.enter(Work::Turn);
        let mut changed = pin!(counts.changed());
        assert_eq!(counts.count(Work::Turn), 1);
        drop(turn);
        assert!(changed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}
