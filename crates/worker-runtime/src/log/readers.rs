//! Where the Runtime's log ends, what its readers took last and who of them waits: whatever a reader
//! who keeps up needs, without the log's lock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering, fence},
    },
    task::Waker,
};

use parking_lot::Mutex;

use crate::{
    log::{RecentStretches, stretch::Stretch},
    sync::{GROUPS, PerGroup, WakeList, WakeSlot, Wakers, here},
};

/// The readers of a log. The log's ends move, and stretches are kept and forgotten, under its lock;
/// readers find, park and leave without it.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    head: AtomicU64,
    floor: AtomicU64,
    /// The groups in which somebody waits.
    waiting: AtomicU8,
    groups: PerGroup<Group>,
}

/// The readers that are polled by one thread, or a few. Threads do not meet here: it has cache lines
/// of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Group(Mutex<Members>);

#[derive(Debug, Default)]
struct Members {
    recent: RecentStretches,
    waiting: WakeList,
}

/// Where a reader waits.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    group: u8,
    slot: WakeSlot,
    /// Where the log ended: when it has moved, nobody from then waits any more.
    head: u64,
}

impl Readers {
    /// The sequence of the newest event.
    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// The sequence before the oldest event that is kept.
    pub(crate) fn floor(&self) -> u64 {
        self.floor.load(Ordering::Acquire)
    }

    /// Tells where the log begins and ends now. Who waits is to be taken afterwards.
    pub(crate) fn moved(&self, floor: u64, head: u64) {
        self.floor.store(floor, Ordering::Release);
        self.head.store(head, Ordering::Release);
    }

    /// A stretch that was taken here with most of the `available` events after a sequence, and where
    /// they begin.
    pub(crate) fn find(&self, sequence: u64, available: usize) -> Option<(Arc<Stretch>, usize)> {
        self.groups.here().0.lock().recent.find(sequence, available)
    }

    /// Keeps a stretch for those who are polled by this thread, and gives back what it replaces, to
    /// be dropped outside the lock. Called under the log's lock, lest it be erased meanwhile.
    pub(crate) fn keep(&self, stretch: Arc<Stretch>) -> Option<Arc<Stretch>> {
        self.groups.here().0.lock().recent.keep(stretch)
    }

    /// Forgets all stretches, because what they show was erased.
    pub(crate) fn forget(&self) {
        self.groups.iter().for_each(|group| group.0.lock().recent.clear());
    }

    /// Parks a reader until the log moves or ends; refuses if something is due already.
    pub(crate) fn park(
        &self,
        parked: &mut Parked,
        waker: &Waker,
        is_due: impl Fn() -> bool,
    ) -> bool {
        if parked.head != self.head() {
            *parked = Parked { group: here(), ..Parked::default() };
        }
        let mut group = self.groups.of(parked.group).0.lock();
        group.waiting.park(&mut parked.slot, waker);
        let bit = 1 << parked.group;
        if self.waiting.load(Ordering::Relaxed) & bit == 0 {
            self.waiting.fetch_or(bit, Ordering::Relaxed);
        }
        // Whoever moved the log sees who waits now, or it is seen here that the log has moved.
        fence(Ordering::SeqCst);
        parked.head = self.head();
        if !is_due() {
            return true;
        }
        let waker = group.waiting.leave(std::mem::take(&mut parked.slot));
        drop(group);
        drop(waker);
        false
    }

    /// Forgets a reader that goes away.
    pub(crate) fn leave(&self, parked: &Parked) {
        let waker = self.groups.of(parked.group).0.lock().waiting.leave(parked.slot);
        drop(waker);
    }

    /// Takes everybody who waits, to be woken once the log's lock is gone.
    pub(crate) fn take(&self) -> Wakers {
        fence(Ordering::SeqCst);
        let waiting = self.waiting.load(Ordering::Relaxed);
        let mut taken = Wakers::default();
        for place in (0..GROUPS).filter(|place| waiting & 1 << place != 0) {
            let mut group = self.groups.of(place).0.lock();
            self.waiting.fetch_and(!(1 << place), Ordering::Relaxed);
            taken.add(group.waiting.take());
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc, Barrier, Weak,
            atomic::{AtomicU64, Ordering},
        },
        task::{Wake, Waker},
        thread::{self, Thread},
    };

    use super::{Parked, Readers};

    /// More than there are groups, so that some share one.
    const THREADS: usize = 12;
    const LAST: u64 = 4_000;

    /// Wakes a thread that waits, or is about to.
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Reads as a task does; gives what is gone once nobody can wake it any more. Beside it others
    /// come and go, who must take nobody's place along.
    fn read_to_the_end(readers: &Readers, others: bool, told: impl Fn(u64)) -> Weak<Unpark> {
        let unpark = Arc::new(Unpark(thread::current()));
        let gone = Arc::downgrade(&unpark);
        let waker = Waker::from(unpark);
        let mut parked = Parked::default();
        let mut seen = 0;
        while seen < LAST {
            while readers.park(&mut parked, &waker, || readers.head() > seen) {
                if others {
                    let mut other = Parked::default();
                    readers.park(&mut other, &waker, || readers.head() > seen);
                    readers.leave(&other);
                }
                thread::park();
            }
            seen = readers.head();
            told(seen);
        }
        // One that waits for what never comes, and goes away.
        readers.park(&mut parked, &waker, || false);
        readers.leave(&parked);
        gone
    }

    #[test]
    fn nobody_who_waits_misses_that_the_log_has_moved() {
        let readers = Readers::default();
        let all = Barrier::new(THREADS + 1);
        let reached = [const { AtomicU64::new(0) }; THREADS];
        let gone: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = reached
                .iter()
                .enumerate()
                .map(|(place, reached)| {
                    let (readers, all) = (&readers, &all);
                    scope.spawn(move || {
                        all.wait();
                        read_to_the_end(readers, place % 2 == 0, |head| {
                            assert!(reached.swap(head, Ordering::Release) < head);
                        })
                    })
                })
                .collect();
            all.wait();
            for head in 1..=LAST {
                readers.moved(0, head);
                readers.take().wake();
                // Sometimes the log rests: one who was not woken would stay behind for good.
                let is_behind = |it: &AtomicU64| it.load(Ordering::Acquire) < head;
                while head % 8 == 0 && reached.iter().any(is_behind) {
                    thread::yield_now();
                }
            }
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(gone.iter().all(|it| it.upgrade().is_none()), "no waker is left behind");
    }
}
