//! The newest events of one Worker.

use std::sync::Arc;

use smallvec::SmallVec;

use super::shelf::index;
use crate::{
    event::{EventRun, KeptRun, Spans, StoredEvent},
    model::{TranscriptEntry, TurnDetail},
};

/// The newest events of one Worker, by the commit. Those of a first turn need no room elsewhere.
pub(super) struct RecentEvents {
    runs: SmallVec<[KeptRun; 3]>,
    /// The sequence of the oldest event, maybe in the midst of its commit.
    oldest: u64,
    /// The sequence of the next event.
    next: u64,
}

/// How many more commits there is room for at once; of those that are no longer kept, so many go at
/// a time, because the others move up.
const STEP: usize = 64;

impl RecentEvents {
    /// No events yet; the next one will have this sequence.
    pub(super) fn starting_at(next: u64) -> Self {
        Self { runs: SmallVec::new(), oldest: next, next }
    }

    /// The sequence of the oldest event; that of the next one if there is none.
    pub(super) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Appends a commit's events and keeps the newest, so many. The commit's turn has this ordinal.
    pub(super) fn push(&mut self, run: &EventRun, ordinal: u64, kept: u64) {
        if self.runs.len() == self.runs.capacity() {
            self.make_room();
        }
        self.runs.push(KeptRun::new(run, ordinal));
        self.next += run.len() as u64;
        self.oldest = self.oldest.max(self.next.saturating_sub(kept));
    }

    /// So many events from one on, with the entries and turns of the Worker.
    pub(super) fn from(
        &self,
        sequence: u64,
        limit: usize,
        entries: &[Arc<TranscriptEntry>],
        turns: &[Arc<TurnDetail>],
    ) -> Vec<StoredEvent> {
        let (place, begins) = self.commit_of(sequence.max(self.oldest));
        let skipped = index(sequence.max(self.oldest) - begins);
        let runs = self.runs[place..].iter().map(|run| run.told(entries, turns));
        let events = runs.flat_map(|run| (0..run.len()).map(move |place| run.event(place)));
        events.skip(skipped).take(limit).collect()
    }

    /// The place of the commit with this event, and the sequence of the commit's first event. From
    /// the end on, because most readers want what is new.
    fn commit_of(&self, sequence: u64) -> (usize, u64) {
        let (mut place, mut begins) = (self.runs.len(), self.next);
        while place > 0 && begins > sequence {
            place -= 1;
            begins -= self.runs[place].len() as u64;
        }
        (place, begins.min(sequence))
    }

    /// Makes room for more commits, in place of those that are no longer kept if they are many.
    fn make_room(&mut self) {
        let (stale, _) = self.commit_of(self.oldest);
        if stale >= STEP {
            self.runs.drain(..stale);
        } else {
            self.runs.reserve_exact((self.runs.len() / 4).clamp(2, STEP));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fact;

    /// A commit with one to three events.
    fn run(at: u64) -> EventRun {
        let event = |place| StoredEvent {
            at_ms: 10 * at + place,
            turn_id: None,
            tags: crate::model::Shared::usual(),
            labels: crate::model::Shared::usual(),
            fact: Fact::WorkerDeleted,
            redacted: false,
        };
        (0..=at % 3).map(event).collect()
    }

    #[test]
    fn the_newest_are_there_from_wherever_they_are_asked_for() {
        const KEPT: u64 = 50;
        let mut recent = RecentEvents::starting_at(1);
        let mut all = Vec::new();
        for at in 0..1_000 {
            recent.push(&run(at), 0, KEPT);
            all.extend(run(at).iter());
            let oldest = all.len().saturating_sub(50);
            assert_eq!(recent.oldest(), oldest as u64 + 1);
            for (sequence, limit) in [(0, 9), (at, 100), (recent.oldest() + at % 60, 7)] {
                let from = index(sequence.saturating_sub(1)).clamp(oldest, all.len());
                let expected: Vec<_> = all[from..].iter().take(limit).cloned().collect();
                assert_eq!(recent.from(sequence, limit, &[], &[]), expected, "{sequence}");
            }
        }
        assert!(recent.runs.capacity() < 2 * STEP + 50, "{}", recent.runs.capacity());
    }
}
