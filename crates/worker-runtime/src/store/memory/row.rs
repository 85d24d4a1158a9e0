//! The data of one Worker in the built-in store.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::keys::Keys;
use crate::{
    identity::TurnId,
    store::{
        Batch, Change, EventPage, FoundTurn, InputKey, StoredEntry, StoredEvent, StoredTurn,
        StoredWorker, TurnLookup, WorkerRecord,
    },
};

/// The data of one Worker.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) record: Arc<WorkerRecord>,
    /// The ordinal under which the index has the Worker.
    ordinal: u64,
    /// The newest events, oldest first; the last one has the record's `worker_sequence`.
    events: VecDeque<StoredEvent>,
    /// Absent until the first entry, turn or key, because most Workers of a large Runtime are idle.
    conversation: Option<Box<Conversation>>,
}

/// The transcript, the turns and the idempotency keys of a Worker.
#[derive(Debug, Default)]
struct Conversation {
    entries: Vec<Arc<StoredEntry>>,
    turns: Vec<Arc<StoredTurn>>,
    /// The place in `turns` of each turn, and of the latest turn with each idempotency key.
    turn_of_id: BTreeMap<TurnId, usize>,
    turn_of_key: BTreeMap<Arc<str>, usize>,
    keys: Keys<InputKey>,
}

impl Row {
    /// Creates the row of a new Worker, without the events and entries of the batch that creates
    /// it.
    pub(super) fn new(record: &Arc<WorkerRecord>) -> Self {
        Self {
            record: Arc::clone(record),
            ordinal: record.ordinal,
            events: VecDeque::new(),
            conversation: None,
        }
    }

    /// Applies a batch that does not delete the Worker, and keeps the newest `events_kept` events.
    pub(super) fn apply(&mut self, batch: &Batch, events_kept: u64) {
        if let Change::Put(record) = &batch.change {
            self.record = Arc::clone(record);
        }
        if self.events.is_empty() {
            // Most Workers of a large Runtime have the events of their creation only.
            self.events.reserve_exact(batch.events.len());
        }
        self.events.extend(batch.events.iter().cloned());
        let kept = usize::try_from(events_kept).unwrap_or(usize::MAX);
        self.events.drain(..self.events.len().saturating_sub(kept));
        if !batch.entries.is_empty() || !batch.turns.is_empty() || batch.key.is_some() {
            self.conversation.get_or_insert_default().apply(batch);
        }
    }

    pub(super) fn entries(&self) -> &[Arc<StoredEntry>] {
        self.conversation.as_ref().map_or(&[], |it| &it.entries)
    }

    pub(super) fn turns(&self) -> &[Arc<StoredTurn>] {
        self.conversation.as_ref().map_or(&[], |it| &it.turns)
    }

    pub(super) fn turn(&self, lookup: &TurnLookup) -> Option<FoundTurn> {
        let there = self.conversation.as_ref()?;
        let place = match lookup {
            TurnLookup::Id(turn_id) => there.turn_of_id.get(turn_id),
            TurnLookup::Key(key) => there.turn_of_key.get(key),
        };
        let turn = there.turns.get(*place?)?;
        let entry = |sequence: Option<u64>| {
            let place = usize::try_from(sequence?.checked_sub(1)?).ok()?;
            there.entries.get(place).cloned()
        };
        let (input, answer) = (entry(turn.input_sequence), entry(turn.answer_sequence));
        Some(FoundTurn { turn: Arc::clone(turn), input, answer })
    }

    pub(super) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    pub(super) fn stored(&self) -> StoredWorker {
        let keys = self.conversation.as_ref().map(|it| it.keys.all()).unwrap_or_default();
        StoredWorker { record: Arc::clone(&self.record), keys }
    }

    /// Returns up to `limit` events whose sequence is greater than `after`.
    pub(super) fn events_after(&self, after: u64, limit: usize) -> EventPage {
        let before = self.record.worker_sequence.saturating_sub(self.events.len() as u64);
        let oldest = before.saturating_add(1);
        let skipped = usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX);
        let first = skipped.min(self.events.len());
        let events = self.events.range(first..).take(limit).cloned().collect();
        EventPage { oldest, events }
    }
}

impl Conversation {
    fn apply(&mut self, batch: &Batch) {
        self.entries.extend(batch.entries.iter().cloned());
        // The first turn has the ordinal 1.
        let turns = batch.turns.iter();
        for (earlier, turn) in turns.filter_map(|(it, turn)| Some((it.checked_sub(1)?, turn))) {
            let place = usize::try_from(earlier).unwrap_or(usize::MAX).min(self.turns.len());
            match self.turns.get_mut(place) {
                Some(there) => *there = Arc::clone(turn),
                None => self.turns.push(Arc::clone(turn)),
            }
            self.turn_of_id.insert(turn.turn_id, place);
            if let Some(key) = &turn.idempotency_key {
                self.turn_of_key.insert(Arc::clone(key), place);
            }
        }
        if let Some(new) = &batch.key {
            self.keys.add(new);
        }
    }
}
