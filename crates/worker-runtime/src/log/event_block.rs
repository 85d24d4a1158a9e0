//! Events of one Worker in a row, joined with the entries and turns that they name.

use std::sync::Arc;

use super::redact::{redacted_entry, redacted_turn};
use crate::{
    identity::WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{StoredEvent, StoredEventBody},
};

/// Events of one Worker in a row: those of one commit, or a page that was read from the store.
#[derive(Debug)]
pub(crate) struct EventBlock {
    pub(crate) worker_id: WorkerId,
    /// The first event's sequence among the Worker's events.
    pub(crate) first: u64,
    pub(crate) events: Box<[JoinedEvent]>,
    /// Whether the Worker was deleted, and names and texts were erased with it.
    pub(crate) redacted: bool,
}

/// A stored event with the entry and the turn that it names.
#[derive(Debug)]
pub(crate) struct JoinedEvent {
    pub(crate) stored: StoredEvent,
    /// The input of `input_accepted`, or the answer of a turn's end.
    pub(crate) entry: Option<Arc<TranscriptEntry>>,
    /// The turn that ended.
    pub(crate) turn: Option<Arc<TurnDetail>>,
}

impl EventBlock {
    /// Joins events with what they name. `entries` are in the order of their sequences; `turns` come
    /// with their ordinals, in order.
    ///
    /// `None` if an entry or a turn is not there, as when the Worker was deleted meanwhile.
    pub(crate) fn join(
        worker_id: WorkerId,
        first: u64,
        events: Vec<StoredEvent>,
        entries: &[Arc<TranscriptEntry>],
        turns: &[(u64, Arc<TurnDetail>)],
    ) -> Option<Self> {
        let entry = |sequence: u64| {
            let place = entries.binary_search_by_key(&sequence, |entry| entry.sequence).ok()?;
            Some(Arc::clone(&entries[place]))
        };
        let turn = |ordinal: u64| {
            let place = turns.binary_search_by_key(&ordinal, |(ordinal, _)| *ordinal).ok()?;
            Some(Arc::clone(&turns[place].1))
        };
        let join = |stored: StoredEvent| {
            let (entry, turn) = match &stored.body {
                StoredEventBody::InputAccepted { entry: sequence } => {
                    (Some(entry(*sequence)?), None)
                }
                StoredEventBody::TurnEnded { turn: ordinal, .. } => {
                    let turn = turn(*ordinal)?;
                    let answer = match turn.answer_sequence {
                        Some(sequence) => Some(entry(sequence)?),
                        None => None,
                    };
                    (answer, Some(turn))
                }
                StoredEventBody::WorkerCreated { .. }
                | StoredEventBody::WorkerUpdated { .. }
                | StoredEventBody::WorkerStateChanged { .. }
                | StoredEventBody::WorkerDeleted
                | StoredEventBody::TurnStarted
                | StoredEventBody::TurnRetrying { .. } => (None, None),
            };
            Some(JoinedEvent { stored, entry, turn })
        };
        let events = events.into_iter().map(join).collect::<Option<_>>()?;
        Some(Self { worker_id, first, events, redacted: false })
    }

    /// The same events without names and texts, as they show once the Worker is deleted.
    pub(crate) fn redacted(&self) -> Self {
        let redacted = |event: &JoinedEvent| JoinedEvent {
            stored: event.stored.redacted(),
            entry: event.entry.as_deref().map(|entry| Arc::new(redacted_entry(entry))),
            turn: event.turn.as_deref().map(|turn| Arc::new(redacted_turn(turn))),
        };
        Self {
            worker_id: self.worker_id,
            first: self.first,
            events: self.events.iter().map(redacted).collect(),
            redacted: true,
        }
    }
}
