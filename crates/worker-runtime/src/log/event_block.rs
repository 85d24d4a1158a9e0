//! Consecutive events of one Worker, joined with the entries and turns that they name.

use std::sync::Arc;

use super::{
    Erased,
    redact::{redacted_entry, redacted_turn},
};
use crate::{
    identity::WorkerId,
    store::{EventReference, StoredEntry, StoredEvent, StoredEventBody, StoredTurn},
};

/// Consecutive events of one Worker: the events of one commit, or a page that was read from the
/// store.
#[derive(Debug)]
pub(crate) struct EventBlock {
    pub(crate) owner: EventOwner,
    /// The sequence of the first event in the Worker's log.
    pub(crate) first: u64,
    pub(crate) events: Box<[JoinedEvent]>,
}

/// The Worker that events are about.
#[derive(Clone, Debug)]
pub(crate) struct EventOwner {
    pub(crate) worker_id: WorkerId,
    pub(crate) tenant: Option<Arc<str>>,
    /// Whether the Worker was deleted, so that the events are shown without names and texts.
    pub(crate) erased: Arc<Erased>,
}

/// A stored event with the entry and the turn that it names.
#[derive(Debug)]
pub(crate) struct JoinedEvent {
    pub(crate) stored: StoredEvent,
    /// The input of an `input_accepted` event, or the answer of a turn that ended.
    pub(crate) entry: Option<Arc<StoredEntry>>,
    /// The turn that ended.
    pub(crate) turn: Option<Arc<StoredTurn>>,
}

impl EventBlock {
    pub(crate) fn is_erased(&self) -> bool {
        self.owner.erased.is_set()
    }

    /// Joins events with the entries and turns that they name. `entries` are sorted by sequence;
    /// `turns` are pairs of an ordinal and a turn, sorted by ordinal.
    ///
    /// Returns `None` if an entry or a turn is missing, as when the Worker was deleted meanwhile.
    pub(crate) fn join(
        owner: EventOwner,
        first: u64,
        events: Vec<StoredEvent>,
        entries: &[Arc<StoredEntry>],
        turns: &[(u64, Arc<StoredTurn>)],
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
            let (entry, turn) = match stored.reference() {
                None => (None, None),
                Some(EventReference::Entry(sequence)) => (Some(entry(sequence)?), None),
                Some(EventReference::Turn(ordinal)) => {
                    let turn = turn(ordinal)?;
                    let answer = match turn.answer_sequence {
                        Some(sequence) => Some(entry(sequence)?),
                        None => None,
                    };
                    (answer, Some(turn))
                }
            };
            Some(JoinedEvent { stored, entry, turn })
        };
        let events = events.into_iter().map(join).collect::<Option<_>>()?;
        Some(Self { owner, first, events })
    }

    /// Whether the entries and turns are those of the turns that the events are about. A store may
    /// err; a commit of this Runtime does not.
    pub(crate) fn fits_together(&self) -> bool {
        self.events.iter().all(|JoinedEvent { stored, entry, turn }| {
            // The entry of an event without a turn is an input, the other one an answer.
            let is_of_turn = entry
                .as_ref()
                .is_none_or(|it| it.turn_id == stored.turn_id && it.is_answer() == turn.is_some());
            let is_end_of = |turn: &Arc<StoredTurn>| {
                let StoredEventBody::TurnEnded { outcome, .. } = &stored.body else { return false };
                Some(turn.turn_id) == stored.turn_id && turn.outcome == Some(*outcome)
            };
            let is_of_end = turn.as_ref().is_none_or(is_end_of);
            is_of_turn && is_of_end
        })
    }

    /// Returns the same events without names and texts, as they are shown once the Worker is
    /// deleted.
    pub(crate) fn redacted(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            first: self.first,
            events: self.events.iter().map(JoinedEvent::redacted).collect(),
        }
    }
}

impl JoinedEvent {
    /// Returns the length of the text that the event shows, in bytes.
    pub(crate) fn text_bytes(&self) -> usize {
        self.entry.as_ref().map_or(0, |entry| entry.text.len())
    }

    /// Returns the event without names and texts.
    pub(crate) fn redacted(&self) -> Self {
        Self {
            stored: self.stored.redacted(),
            entry: self.entry.as_deref().map(|entry| Arc::new(redacted_entry(entry))),
            turn: self.turn.as_deref().map(|turn| Arc::new(redacted_turn(turn))),
        }
    }
}
