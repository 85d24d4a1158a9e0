//! A bounded log of events in memory.

use std::{collections::VecDeque, sync::Arc};

use super::Published;

/// The newest events of a log, grouped by commit. Older events are no longer in memory; those of a
/// Worker may still be in the store.
#[derive(Debug)]
pub(crate) struct EventLog {
    commits: VecDeque<Arc<Published>>,
    /// The sequence before the oldest event that is kept, which may be in the middle of its commit.
    floor: u64,
    /// The sequence of the newest event.
    head: u64,
    capacity: u64,
}

impl EventLog {
    /// Creates an empty log whose next event follows the sequence `head`. The log keeps the newest
    /// `capacity` events.
    pub(crate) fn after_head(head: u64, capacity: u64) -> Self {
        Self { commits: VecDeque::new(), floor: head, head, capacity }
    }

    /// The sequence before the oldest event that is kept.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// The sequence of the newest event.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// Appends the events of a commit, which must follow the newest event. Returns the commits that
    /// are no longer kept, which the caller drops when no lock is held.
    #[must_use = "what falls out of a log is dropped outside its lock"]
    pub(crate) fn append(&mut self, commit: Published) -> Vec<Arc<Published>> {
        debug_assert_eq!(commit.first, self.head + 1, "sequences have no hole");
        self.head = commit.last();
        self.commits.push_back(Arc::new(commit));
        self.floor = self.floor.max(self.head.saturating_sub(self.capacity));
        let mut evicted = Vec::new();
        while let Some(oldest) = self.commits.pop_front_if(|it| it.last() <= self.floor) {
            evicted.push(oldest);
        }
        evicted
    }

    /// Drops the commits up to the one that begins with the event `sequence` of the Runtime's log.
    /// Returns them, and the caller drops them when no lock is held.
    #[must_use = "what falls out of a log is dropped outside its lock"]
    pub(crate) fn drop_through(&mut self, sequence: u64) -> Vec<Arc<Published>> {
        let mut dropped = Vec::new();
        while let Some(oldest) = self.commits.pop_front_if(|it| it.in_runtime <= sequence) {
            self.floor = self.floor.max(oldest.last());
            dropped.push(oldest);
        }
        dropped
    }

    /// Returns commits in order, beginning with the one that contains the event after `sequence`,
    /// until they hold `events` events after `sequence` or the log ends. `sequence` must not be
    /// below the floor.
    pub(crate) fn after(&self, sequence: u64, events: usize) -> VecDeque<Arc<Published>> {
        let mut missing = events as u64;
        let mut found = VecDeque::new();
        for commit in self.commits.range(self.index_of(sequence + 1)..) {
            if missing == 0 {
                break;
            }
            let wanted = commit.last() - commit.first.max(sequence + 1) + 1;
            missing = missing.saturating_sub(wanted);
            found.push_back(Arc::clone(commit));
        }
        found
    }

    /// Returns the commit that contains the event `sequence`, if it is kept.
    pub(crate) fn of(&self, sequence: u64) -> Option<&Arc<Published>> {
        let commit = self.commits.get(self.index_of(sequence))?;
        commit.index_of(sequence).map(|_| commit)
    }

    /// Returns all commits that are kept.
    pub(crate) fn all(&self) -> Vec<Arc<Published>> {
        self.commits.iter().cloned().collect()
    }

    /// Replaces commits that are still kept by copies of them. Returns those that are not needed
    /// any more, which the caller drops when no lock is held.
    #[must_use = "what falls out of a log is dropped outside its lock"]
    pub(crate) fn replace(&mut self, copies: Vec<Arc<Published>>) -> Vec<Arc<Published>> {
        let swap = |mut copy: Arc<Published>| {
            let index = self.index_of(copy.first);
            let kept = self.commits.get_mut(index).filter(|kept| kept.first == copy.first);
            if let Some(kept) = kept {
                std::mem::swap(kept, &mut copy);
            }
            copy
        };
        copies.into_iter().map(swap).collect()
    }

    /// Returns the index of the first commit that ends at or after `sequence`.
    fn index_of(&self, sequence: u64) -> usize {
        self.commits.partition_point(|commit| commit.last() < sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{RuntimeFact, RuntimeSource, Source};

    /// Returns a log to which `events` commits of one event were appended, and which keeps
    /// `capacity` events.
    fn log(events: u64, capacity: u64) -> EventLog {
        let mut log = EventLog::after_head(0, capacity);
        for at_ms in 1..=events {
            let source = RuntimeSource { at_ms, metadata: None, fact: RuntimeFact::Started };
            let evicted = log.append(Published::new(at_ms, Source::Runtime(Arc::new(source))));
            assert_eq!(evicted.len(), usize::from(at_ms > capacity));
        }
        log
    }

    #[test]
    fn the_newest_events_are_kept_and_found() {
        let log = log(100, 10);
        assert_eq!((log.floor(), log.head()), (90, 100));
        for sequence in 90..=100 {
            let found: Vec<u64> = log.after(sequence, 4).iter().map(|it| it.first).collect();
            let expected: Vec<u64> = (sequence + 1..=100).take(4).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn only_what_is_kept_is_found_and_replaced() {
        let mut log = log(100, 10);
        assert!(log.of(90).is_none());
        assert!(log.of(101).is_none());
        assert_eq!(log.of(91).map(|it| it.first), Some(91));
        let there = log.all();
        let copy = |first: u64| {
            let source = RuntimeSource { at_ms: first, metadata: None, fact: RuntimeFact::Started };
            Arc::new(Published::new(first, Source::Runtime(Arc::new(source))))
        };
        let copies = vec![copy(90), copy(95)];
        let replaced = log.replace(copies.clone());
        assert!(Arc::ptr_eq(&replaced[0], &copies[0]), "this one is not kept any more");
        assert!(Arc::ptr_eq(&replaced[1], &there[4]));
        assert!(Arc::ptr_eq(&log.all()[4], &copies[1]));
    }
}
