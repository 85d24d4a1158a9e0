//! The newest events of one Worker.

use std::sync::Arc;

use crate::{
    log::{EventRun, KeptRun, Runs, Spans},
    model::{TranscriptEntry, TurnDetail},
    store::{StoredEvent, memory::shelf::index},
};

/// The newest events of one Worker, by the commit.
pub(crate) struct RecentEvents(Runs<KeptRun, SEGMENT, FIRST>);

/// Commits in a segment: somewhat less than a kilobyte, which comes and goes with the events, and which
/// allocators keep at hand.
const SEGMENT: usize = 60;

/// The commits of a first turn need no room elsewhere.
const FIRST: usize = 3;

impl RecentEvents {
    /// No events yet; the next one will have this sequence.
    pub(crate) fn starting_at(next: u64) -> Self {
        Self(Runs::starting_at(next))
    }

    /// The sequence of the oldest event; that of the next one if there is none.
    pub(crate) fn oldest(&self) -> u64 {
        self.0.oldest()
    }

    /// Appends a commit's events and keeps the newest, so many. The commit's turn has this ordinal.
    pub(crate) fn push(&mut self, run: &EventRun, ordinal: u64, kept: u64) {
        self.0.push(KeptRun::new(run, ordinal));
        self.0.keep_newest(kept);
    }

    /// So many events from one on, with the entries and turns of the Worker.
    pub(crate) fn from(
        &self,
        sequence: u64,
        limit: usize,
        entries: &[Arc<TranscriptEntry>],
        turns: &[Arc<TurnDetail>],
    ) -> Vec<StoredEvent> {
        let first = sequence.max(self.oldest());
        let events = self.0.from(first).flat_map(|(begins, run)| {
            let told = run.told(entries, turns);
            (index(first.saturating_sub(begins))..run.len()).map(move |place| told.event(place))
        });
        events.take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Fact;

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
    }
}
