//! Everything that the built-in store has of one Worker.

use std::{collections::VecDeque, sync::Arc};

use super::super::{Batch, EventPage, Fact, InputKey, StoredEvent, StoredWorker, WorkerRecord};
use crate::model::{TranscriptEntry, TurnDetail};

/// Everything of one Worker. One that was only created, with nothing besides, is its record alone.
pub(super) struct Shelf {
    pub(super) record: Arc<WorkerRecord>,
    rest: Option<Box<Rest>>,
}

/// What a Worker has once something happened to it.
#[derive(Default)]
struct Rest {
    entries: Vec<Arc<TranscriptEntry>>,
    turns: Vec<Arc<TurnDetail>>,
    events: VecDeque<StoredEvent>,
    keys: Vec<InputKey>,
}

impl Shelf {
    /// A Worker that is being created by a batch.
    pub(super) fn create(record: &Arc<WorkerRecord>, batch: &Batch, events_kept: usize) -> Self {
        let mut shelf = Self { record: Arc::clone(record), rest: None };
        if !is_bare_creation(record, batch) {
            shelf.rest = Some(Box::default());
            shelf.apply(record, batch, events_kept);
        }
        shelf
    }

    /// Applies a batch to a Worker that is there.
    pub(super) fn apply(&mut self, record: &Arc<WorkerRecord>, batch: &Batch, events_kept: usize) {
        let created = &self.record;
        let rest = self.rest.get_or_insert_with(|| {
            let events = VecDeque::from([creation_of(created)]);
            Box::new(Rest { events, ..Rest::default() })
        });
        rest.apply(batch, events_kept);
        self.record = Arc::clone(record);
    }

    pub(super) fn entries(&self) -> &[Arc<TranscriptEntry>] {
        self.rest.as_ref().map_or(&[], |rest| &rest.entries)
    }

    pub(super) fn turns(&self) -> &[Arc<TurnDetail>] {
        self.rest.as_ref().map_or(&[], |rest| &rest.turns)
    }

    pub(super) fn stored(&self) -> StoredWorker {
        let keys = self.rest.as_ref().map(|rest| rest.keys.clone()).unwrap_or_default();
        StoredWorker { record: Arc::clone(&self.record), keys }
    }

    pub(super) fn events_after(&self, after: u64, limit: usize) -> EventPage {
        let Some(rest) = &self.rest else {
            let wanted = if after == 0 { limit.min(1) } else { 0 };
            let created = || creation_of(&self.record);
            return EventPage {
                oldest: 1,
                events: std::iter::repeat_with(created).take(wanted).collect(),
            };
        };
        let oldest = self.record.worker_sequence + 1 - rest.events.len() as u64;
        let skipped = index((after + 1).saturating_sub(oldest)).min(rest.events.len());
        EventPage { oldest, events: rest.events.range(skipped..).take(limit).cloned().collect() }
    }
}

impl Rest {
    fn apply(&mut self, batch: &Batch, events_kept: usize) {
        self.entries.extend(batch.entries.iter().cloned());
        if let Some((ordinal, turn)) = &batch.turn {
            let place = index(ordinal - 1);
            if place < self.turns.len() {
                self.turns[place] = Arc::clone(turn);
            } else {
                self.turns.push(Arc::clone(turn));
            }
        }
        self.events.extend(batch.events.iter().cloned());
        let surplus = self.events.len().saturating_sub(events_kept);
        self.events.drain(..surplus);
        if !batch.dropped_keys.is_empty() {
            self.keys.retain(|it| !batch.dropped_keys.contains(&it.key));
        }
        self.keys.extend(batch.key.clone());
    }
}

/// Whether the record says all that a batch does, so that its event can be made from it again.
fn is_bare_creation(record: &Arc<WorkerRecord>, batch: &Batch) -> bool {
    let [only] = batch.events.as_slice() else { return false };
    batch.entries.is_empty()
        && batch.turn.is_none()
        && batch.key.is_none()
        && *only == creation_of(record)
}

/// The event of a Worker's creation, of which its first record is the whole content.
fn creation_of(record: &Arc<WorkerRecord>) -> StoredEvent {
    StoredEvent {
        at_ms: record.active_at_ms,
        turn_id: None,
        tags: None,
        labels: Arc::clone(&record.labels),
        fact: Fact::WorkerCreated { record: Arc::clone(record) },
        redacted: false,
    }
}

pub(super) fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
