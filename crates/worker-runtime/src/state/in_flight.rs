//! What a Runtime that stops waits for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, futures::Notified};

/// What is under way in a Runtime, counted.
///
/// Whoever counts something in does so before it asks whether the Runtime still takes work, and counts it
/// out after everybody can see what became of it. So nothing is missed by a Runtime that stops: it waits
/// for whatever it did not refuse, and says that it has stopped after the last event.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    turns: AtomicU64,
    creations: AtomicU64,
    unsettled: AtomicU64,
    /// Rings whenever something is counted out.
    changed: Notify,
}

/// Something that is under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Work {
    /// A turn that runs or is about to.
    Turn,
    /// A creation that was admitted and does not show yet.
    Creation,
    /// A commit whose outcome the store does not know.
    UnsettledCommit,
}

/// Counts something in for as long as this is held.
#[derive(Debug)]
#[must_use = "what is dropped is counted out"]
pub(crate) struct Counted {
    counts: Arc<InFlight>,
    work: Work,
    is_kept: bool,
}

impl InFlight {
    fn of(&self, work: Work) -> &AtomicU64 {
        match work {
            Work::Turn => &self.turns,
            Work::Creation => &self.creations,
            Work::UnsettledCommit => &self.unsettled,
        }
    }

    pub(crate) fn count(&self, work: Work) -> u64 {
        self.of(work).load(Ordering::Acquire)
    }

    /// Whether no turn runs and no commit is unsettled.
    pub(crate) fn is_quiet(&self) -> bool {
        self.count(Work::Turn) == 0 && self.count(Work::UnsettledCommit) == 0
    }

    /// Counts something in.
    pub(crate) fn enter(self: &Arc<Self>, work: Work) -> Counted {
        self.of(work).fetch_add(1, Ordering::AcqRel);
        self.resume(work)
    }

    /// Counts something in if there are fewer than `max`.
    pub(crate) fn enter_below(self: &Arc<Self>, work: Work, max: u64) -> Option<Counted> {
        let one_more = |count: u64| (count < max).then_some(count + 1);
        let (acquire, order) = (Ordering::Acquire, Ordering::AcqRel);
        self.of(work).fetch_update(order, acquire, one_more).ok().map(|_| self.resume(work))
    }

    /// Takes over what was [kept](Counted::keep).
    pub(crate) fn resume(self: &Arc<Self>, work: Work) -> Counted {
        Counted { counts: Arc::clone(self), work, is_kept: false }
    }

    /// Waits until something is counted out. One that was before this was polled may be missed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Wakes whoever waits for a change.
    pub(crate) fn ring(&self) {
        self.changed.notify_waiters();
    }
}

impl Counted {
    /// Leaves it counted in, to be taken over later.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.is_kept {
            self.counts.of(self.work).fetch_sub(1, Ordering::AcqRel);
            self.counts.ring();
        }
    }
}
