//! The course of a Worker as consecutive events tell it: states that follow each other, and turns
//! that begin and end one after the other.

use crate::{
    identity::TurnId,
    lifecycle,
    model::WorkerState,
    store::{StoredEvent, StoredEventBody, WorkerRecord},
};

/// What is known of a Worker after some consecutive events.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Absent until an event tells.
    state: Option<WorkerState>,
    turn: Running,
    /// The ordinal of the turn that ended last, if one of the events is its end.
    ended: Option<u64>,
    /// The sequence of the last input's entry; 0 if none of the events is an input.
    input: u64,
}

/// Whether a turn runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Running {
    #[default]
    Unknown,
    No,
    Yes(TurnId),
}

impl Running {
    fn of(record: &WorkerRecord) -> Self {
        record.running_turn().map_or(Self::No, |turn| Self::Yes(turn.turn_id))
    }

    /// Whether this can be so, as `known` has it.
    fn agrees(self, known: Self) -> bool {
        self == known || known == Self::Unknown
    }
}

impl Course {
    /// Takes the next event. Returns whether it can follow the events before.
    pub(super) fn goes_on(&mut self, event: &StoredEvent) -> bool {
        let running = event.turn_id.map_or(Running::No, Running::Yes);
        match &event.body {
            StoredEventBody::WorkerCreated { record }
            | StoredEventBody::WorkerUpdated { record, .. } => self.is_at(record),
            StoredEventBody::WorkerStateChanged { from, to, .. } => {
                let follows = self.state.is_none_or(|state| state == *from);
                self.state = Some(*to);
                follows && lifecycle::leads(*from, *to)
            }
            StoredEventBody::WorkerDeleted => false,
            StoredEventBody::Unknown(_) => {
                // Anything may have changed.
                *self = Self::default();
                true
            }
            StoredEventBody::InputAccepted { entry } => {
                let follows = Running::No.agrees(self.turn) && *entry > self.input;
                (self.turn, self.input) = (running, *entry);
                follows
            }
            StoredEventBody::TurnStarted | StoredEventBody::TurnRetrying { .. } => {
                let follows = running.agrees(self.turn);
                self.turn = running;
                follows
            }
            StoredEventBody::TurnEnded { turn, .. } => {
                let is_next = self.ended.is_none_or(|ended| ended.checked_add(1) == Some(*turn));
                let follows = running.agrees(self.turn) && is_next;
                (self.turn, self.ended) = (Running::No, Some(*turn));
                follows
            }
        }
    }

    /// Takes a record of this moment. Returns whether the record can follow the events before.
    pub(super) fn is_at(&mut self, record: &WorkerRecord) -> bool {
        let running = Running::of(record);
        let ended = record.turns - u64::from(record.running_turn().is_some());
        let follows = self.state.is_none_or(|state| state == record.state)
            && running.agrees(self.turn)
            && self.ended.is_none_or(|last| last == ended)
            && self.input <= record.entries;
        (self.state, self.turn, self.ended) = (Some(record.state), running, Some(ended));
        follows
    }
}
