//! The newest entries of the Workers that are busy, kept in memory.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
    sync::Arc,
};

use parking_lot::Mutex;

use crate::{identity::WorkerId, store::StoredEntry};

/// The newest entries of the Workers that were used last, with any store, so that a turn does not
/// read and parse again the history that this process has written itself.
///
/// Entries never change, so what is kept is right as long as the Worker exists. The Worker that was
/// not used for the longest time goes first when there are too many bytes.
#[derive(Debug)]
pub(crate) struct RecentEntries {
    kept: Mutex<Kept>,
    /// The most entries that are kept of one Worker.
    most_of_one: usize,
}

/// The bytes that all entries may take together.
const MOST_BYTES: usize = 64 << 20;

#[derive(Debug, Default)]
struct Kept {
    runs: HashMap<WorkerId, Run>,
    /// The Workers in the order of their last use.
    by_use: BTreeMap<u64, WorkerId>,
    uses: u64,
    bytes: usize,
}

/// Consecutive entries of one Worker, up to its newest one.
#[derive(Debug, Default)]
pub(crate) struct Run {
    entries: VecDeque<Arc<StoredEntry>>,
    bytes: usize,
    last_use: u64,
}

impl RecentEntries {
    /// Keeps nothing yet, and later no more than `most_of_one` entries of each Worker.
    pub(super) fn new(most_of_one: usize) -> Self {
        Self { kept: Mutex::default(), most_of_one }
    }

    /// Keeps the entries that a commit has appended to a transcript. Returns what is kept no longer,
    /// for the caller to drop without a lock.
    pub(crate) fn append(&self, worker_id: WorkerId, entries: &[Arc<StoredEntry>]) -> Vec<Run> {
        let Some(first) = entries.first() else { return Vec::new() };
        let mut kept = self.kept.lock();
        let mut run = kept.take(worker_id);
        let follows = run.entries.back().is_some_and(|it| it.sequence + 1 == first.sequence);
        let unconnected = if follows { Run::default() } else { mem::take(&mut run) };
        for entry in entries {
            run.bytes += bytes(entry);
            run.entries.push_back(Arc::clone(entry));
        }
        let mut gone = kept.put(worker_id, run, self.most_of_one);
        gone.push(unconnected);
        gone
    }

    /// Keeps a page that was read, if it reaches up to what is kept, or to the newest entry, which
    /// has the sequence `newest`.
    pub(super) fn offer(&self, worker_id: WorkerId, page: &[Arc<StoredEntry>], newest: u64) {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return };
        let mut kept = self.kept.lock();
        let mut run = kept.take(worker_id);
        let begin = run.entries.front().map_or(newest + 1, |oldest| oldest.sequence);
        if first.sequence < begin && last.sequence + 1 >= begin {
            for entry in page.iter().rev().filter(|entry| entry.sequence < begin) {
                run.bytes += bytes(entry);
                run.entries.push_front(Arc::clone(entry));
            }
        }
        let gone = kept.put(worker_id, run, self.most_of_one);
        drop(kept);
        drop(gone);
    }

    /// Returns the `count` entries from the sequence `first` on, if all of them are kept.
    pub(crate) fn get(
        &self,
        worker_id: WorkerId,
        first: u64,
        count: usize,
    ) -> Option<Vec<Arc<StoredEntry>>> {
        let mut kept = self.kept.lock();
        let run = kept.take(worker_id);
        let oldest = run.entries.front().map(|oldest| oldest.sequence);
        let skipped = oldest.and_then(|oldest| usize::try_from(first.checked_sub(oldest)?).ok());
        let found = skipped
            .filter(|skipped| run.entries.len().saturating_sub(*skipped) >= count)
            .map(|skipped| run.entries.range(skipped..skipped + count).cloned().collect());
        let gone = kept.put(worker_id, run, self.most_of_one);
        drop(kept);
        drop(gone);
        found
    }

    /// Forgets a Worker that was deleted.
    pub(crate) fn forget(&self, worker_id: WorkerId) {
        let gone = self.kept.lock().take(worker_id);
        drop(gone);
    }
}

impl Kept {
    /// Takes out what is kept of a Worker, to be put back if it is not empty.
    fn take(&mut self, worker_id: WorkerId) -> Run {
        let Some(run) = self.runs.remove(&worker_id) else { return Run::default() };
        self.by_use.remove(&run.last_use);
        self.bytes -= run.bytes;
        run
    }

    /// Puts back what is kept of a Worker, as the one that was used last. Returns what is kept no
    /// longer, for the caller to drop without the lock.
    fn put(&mut self, worker_id: WorkerId, mut run: Run, most: usize) -> Vec<Run> {
        let mut surplus = Run::default();
        while run.entries.len() > most
            && let Some(oldest) = run.entries.pop_front()
        {
            run.bytes -= bytes(&oldest);
            surplus.entries.push_back(oldest);
        }
        let mut gone = vec![surplus];
        if !run.entries.is_empty() {
            self.uses += 1;
            run.last_use = self.uses;
            self.bytes += run.bytes;
            self.by_use.insert(run.last_use, worker_id);
            self.runs.insert(worker_id, run);
        }
        while self.bytes > MOST_BYTES
            && let Some((_, unused)) = self.by_use.first_key_value()
        {
            let unused = *unused;
            gone.push(self.take(unused));
        }
        gone
    }
}

/// Returns about how much memory an entry takes.
fn bytes(entry: &StoredEntry) -> usize {
    size_of::<StoredEntry>() + entry.text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(sequences: std::ops::RangeInclusive<u64>, text: &str) -> Vec<Arc<StoredEntry>> {
        let entry = |sequence| StoredEntry {
            sequence,
            role: llm_engine::Role::User,
            text: text.into(),
            turn_id: None,
            at_ms: 0,
            truncated: false,
            usage: crate::model::Usage::default(),
            idempotency_key: None,
            meta: None,
        };
        sequences.map(|sequence| Arc::new(entry(sequence))).collect()
    }

    fn worker(number: u128) -> WorkerId {
        WorkerId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn found(recent: &RecentEntries, first: u64, count: usize) -> Option<Vec<u64>> {
        let found = recent.get(worker(1), first, count)?;
        Some(found.iter().map(|entry| entry.sequence).collect())
    }

    #[test]
    fn what_was_written_and_read_is_found_as_far_as_it_is_connected() {
        let recent = RecentEntries::new(10);
        let _ = recent.append(worker(1), &entries(7..=8, "a"));
        assert_eq!(found(&recent, 7, 2), Some(vec![7, 8]));
        assert_eq!(found(&recent, 6, 2), None);
        assert_eq!(found(&recent, 8, 2), None);
        recent.offer(worker(1), &entries(1..=4, "a"), 8);
        assert_eq!(found(&recent, 1, 2), None, "there is a hole");
        recent.offer(worker(1), &entries(3..=8, "a"), 8);
        assert_eq!(found(&recent, 3, 6), Some((3..=8).collect()));
        let _ = recent.append(worker(1), &entries(9..=10, "a"));
        assert_eq!(found(&recent, 3, 8), Some((3..=10).collect()));
        let _ = recent.append(worker(1), &entries(20..=21, "a"));
        assert_eq!(found(&recent, 20, 2), Some(vec![20, 21]));
        assert_eq!(found(&recent, 10, 1), None, "what is not connected is gone");
        recent.forget(worker(1));
        assert_eq!(found(&recent, 20, 2), None);
        let kept = recent.kept.lock();
        assert!(kept.runs.is_empty() && kept.by_use.is_empty() && kept.bytes == 0);
    }

    #[test]
    fn a_page_that_does_not_reach_the_newest_entry_is_not_kept() {
        let recent = RecentEntries::new(10);
        recent.offer(worker(1), &entries(1..=4, "a"), 8);
        assert_eq!(found(&recent, 1, 4), None);
        recent.offer(worker(1), &entries(5..=8, "a"), 8);
        assert_eq!(found(&recent, 5, 4), Some((5..=8).collect()));
    }

    #[test]
    fn the_oldest_entries_and_the_workers_that_were_not_used_go_first() {
        let recent = RecentEntries::new(3);
        let _ = recent.append(worker(1), &entries(1..=5, "a"));
        assert_eq!(found(&recent, 2, 1), None);
        assert_eq!(found(&recent, 3, 3), Some(vec![3, 4, 5]));
        let large = "x".repeat(MOST_BYTES / 3);
        for number in 2..=4 {
            assert!(found(&recent, 3, 3).is_some(), "it is used");
            let _ = recent.append(worker(number), &entries(1..=1, &large));
        }
        assert!(recent.get(worker(2), 1, 1).is_none());
        assert!(recent.get(worker(3), 1, 1).is_some() && recent.get(worker(4), 1, 1).is_some());
        assert!(found(&recent, 3, 3).is_some());
    }
}
