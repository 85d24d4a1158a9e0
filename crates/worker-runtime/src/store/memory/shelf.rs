//! Everything that the built-in store has of one Worker.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    log::EventRun,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, EventPage, InputKey, StoredWorker, WorkerRecord, memory::recent_events::RecentEvents,
    },
};

/// Everything of one Worker. One that was only created, with nothing besides, is its record alone.
pub(crate) struct Shelf {
    pub(crate) record: Arc<WorkerRecord>,
    rest: Option<Box<Rest>>,
}

/// What a Worker has once something happened to it.
struct Rest {
    entries: Few<Arc<TranscriptEntry>>,
    turns: Few<Arc<TurnDetail>>,
    events: RecentEvents,
    keys: Vec<InputKey>,
}

/// So few need no room elsewhere, which would be one more place that no cache holds.
type Few<T> = SmallVec<[T; 2]>;

impl Shelf {
    /// A Worker that is being created by a batch.
    pub(crate) fn create(record: &Arc<WorkerRecord>, batch: &Batch, events_kept: u64) -> Self {
        let mut shelf = Self { record: Arc::clone(record), rest: None };
        if !is_bare_creation(record, batch) {
            let first = record.worker_sequence + 1 - batch.events.len() as u64;
            shelf.rest = Some(Box::new(Rest::starting_at(first)));
            shelf.apply(record, batch, events_kept);
        }
        shelf
    }

    /// Applies a batch to a Worker that is there.
    pub(crate) fn apply(&mut self, record: &Arc<WorkerRecord>, batch: &Batch, events_kept: u64) {
        let created = &self.record;
        let rest = self.rest.get_or_insert_with(|| {
            let mut rest = Rest::starting_at(created.worker_sequence);
            rest.events.push(&EventRun::created(Arc::clone(created)), 0, events_kept);
            Box::new(rest)
        });
        rest.apply(batch, events_kept);
        self.record = Arc::clone(record);
    }

    pub(crate) fn entries(&self) -> &[Arc<TranscriptEntry>] {
        self.rest.as_ref().map_or(&[], |rest| &rest.entries)
    }

    pub(crate) fn turns(&self) -> &[Arc<TurnDetail>] {
        self.rest.as_ref().map_or(&[], |rest| &rest.turns)
    }

    pub(crate) fn stored(&self) -> StoredWorker {
        let keys = self.rest.as_ref().map(|rest| rest.keys.clone()).unwrap_or_default();
        StoredWorker { record: Arc::clone(&self.record), keys }
    }

    pub(crate) fn events_after(&self, after: u64, limit: usize) -> EventPage {
        let Some(rest) = &self.rest else {
            let wanted = if after == 0 { limit.min(1) } else { 0 };
            let created = || EventRun::created(Arc::clone(&self.record)).event(0);
            let events = std::iter::repeat_with(created).take(wanted).collect();
            return EventPage { oldest: 1, events };
        };
        let events = rest.events.from(after.saturating_add(1), limit, &rest.entries, &rest.turns);
        EventPage { oldest: rest.events.oldest(), events }
    }
}

impl Rest {
    /// Nothing yet; the first event will have this sequence.
    fn starting_at(sequence: u64) -> Self {
        let events = RecentEvents::starting_at(sequence);
        Self { entries: Few::new(), turns: Few::new(), events, keys: Vec::new() }
    }

    fn apply(&mut self, batch: &Batch, events_kept: u64) {
        make_room(&mut self.entries, batch.entries.len());
        self.entries.extend(batch.entries.iter().cloned());
        if let Some((ordinal, turn)) = batch.turn() {
            let place = index(ordinal - 1);
            if place < self.turns.len() {
                self.turns[place] = Arc::clone(turn);
            } else {
                make_room(&mut self.turns, 1);
                self.turns.push(Arc::clone(turn));
            }
        }
        if !batch.events.is_empty() {
            let ordinal = batch.turn().map_or(0, |(ordinal, _)| ordinal);
            self.events.push(&batch.events, ordinal, events_kept);
        }
        if let Some(it) = &batch.key {
            self.keys.retain(|key| !it.dropped.contains(&key.key));
            self.keys.push(it.key.clone());
        }
    }
}

/// Makes room for so many more, and for few besides: there are many Workers, and a page of a
/// conversation is small.
fn make_room<T>(items: &mut Few<T>, more: usize) {
    if items.capacity() - items.len() < more {
        items.reserve_exact(more.max(items.len() / 4));
    }
}

/// Whether the record says all that a batch does, so that its event can be made from it again.
fn is_bare_creation(record: &Arc<WorkerRecord>, batch: &Batch) -> bool {
    batch.entries.is_empty()
        && !batch.changes_turn
        && batch.key.is_none()
        && batch.events.is_creation_of(record)
}

pub(crate) fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
