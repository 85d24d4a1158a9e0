//! An event of a Worker as stores keep it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    identity::TurnId,
    model::{EventType, Labels, TurnError, TurnOutcome, UnknownVariant, WorkerState},
    store::{CommandMetadata, WorkerRecord},
};

/// An event of a Worker as it is committed and kept.
///
/// An event refers to entries and turns by number and repeats none of their text: a reader joins
/// the event with the Worker's transcript and turns. A store therefore writes each text of the
/// conversation once, and a deletion leaves none behind.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StoredEvent {
    /// The event's sequence among the Worker's events; the first is 1. The Runtime compares it with
    /// the place that the store answers the event for.
    pub sequence: u64,
    /// When the event happened, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The turn that the event is about.
    pub turn_id: Option<TurnId>,
    /// The metadata and the idempotency key of the command that caused the event; absent if the
    /// command had neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<CommandMetadata>>,
    /// The Worker's labels at that time, by which subscriptions filter.
    pub labels: Arc<Labels>,
    /// What happened.
    pub body: StoredEventBody,
}

/// What happened to a Worker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoredEventBody {
    /// The Worker was created.
    WorkerCreated {
        /// The Worker's record right after the creation.
        record: Arc<WorkerRecord>,
    },
    /// The Worker's name, labels, profile or instructions changed.
    WorkerUpdated {
        /// The Worker's record right after the change.
        record: Arc<WorkerRecord>,
        /// The labels before the change, if they changed: filters match the event by them too.
        labels_before: Option<Arc<Labels>>,
    },
    /// The Worker went from one state to another.
    WorkerStateChanged {
        /// The state before.
        from: WorkerState,
        /// The state after.
        to: WorkerState,
        /// The reason given with the command.
        reason: Option<Arc<str>>,
    },
    /// The Worker was deleted.
    WorkerDeleted,
    /// An input was appended to the transcript.
    InputAccepted {
        /// The sequence of the input's entry.
        entry: u64,
    },
    /// A turn began.
    TurnStarted,
    /// A model call failed and will be retried.
    TurnRetrying {
        /// The attempt, the pause before it, and why the last attempt failed.
        retry: Arc<StoredRetry>,
    },
    /// A turn ended.
    TurnEnded {
        /// The turn's ordinal among the Worker's turns; the first is 1. The stored turn has the
        /// other details of the end.
        turn: u64,
        /// The outcome of the turn, by which subscriptions filter.
        outcome: TurnOutcome,
    },
    /// An event of a kind that this version does not know. It is shown by its type alone.
    #[serde(untagged, deserialize_with = "unknown_event")]
    Unknown(UnknownVariant),
}

/// Reads an event whose kind is not known.
fn unknown_event<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnknownVariant, D::Error> {
    UnknownVariant::read(deserializer, |name| KINDS.contains(&name))
}

/// The kinds of stored events, by the names with which they are stored.
const KINDS: [&str; 8] = [
    "worker_created",
    "worker_updated",
    "worker_state_changed",
    "worker_deleted",
    "input_accepted",
    "turn_started",
    "turn_retrying",
    "turn_ended",
];

/// What an event refers to, for a reader to join.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EventReference {
    /// The entry with this sequence.
    Entry(u64),
    /// The turn with this ordinal, and its answer if it has one.
    Turn(u64),
}

/// A retry of a model call.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoredRetry {
    /// The number of the attempt that follows; the first retry is attempt 2.
    pub attempt: u32,
    /// The pause before the attempt, in milliseconds.
    pub delay_ms: u64,
    /// The error of the last attempt.
    pub error: TurnError,
}

impl StoredEvent {
    /// Returns the event's type on the wire.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match &self.body {
            StoredEventBody::WorkerCreated { .. } => EventType::WorkerCreated,
            StoredEventBody::WorkerUpdated { .. } => EventType::WorkerUpdated,
            StoredEventBody::WorkerStateChanged { .. } => EventType::WorkerStateChanged,
            StoredEventBody::WorkerDeleted => EventType::WorkerDeleted,
            StoredEventBody::InputAccepted { .. } => EventType::InputAccepted,
            StoredEventBody::TurnStarted => EventType::TurnStarted,
            StoredEventBody::TurnRetrying { .. } => EventType::TurnRetrying,
            StoredEventBody::TurnEnded { outcome, .. } => EventType::of_end(*outcome),
            StoredEventBody::Unknown(_) => EventType::Unknown,
        }
    }

    /// Returns the entry or the turn that the event refers to.
    pub(crate) const fn reference(&self) -> Option<EventReference> {
        match &self.body {
            StoredEventBody::InputAccepted { entry } => Some(EventReference::Entry(*entry)),
            StoredEventBody::TurnEnded { turn, .. } => Some(EventReference::Turn(*turn)),
            StoredEventBody::WorkerCreated { .. }
            | StoredEventBody::WorkerUpdated { .. }
            | StoredEventBody::WorkerStateChanged { .. }
            | StoredEventBody::WorkerDeleted
            | StoredEventBody::TurnStarted
            | StoredEventBody::TurnRetrying { .. }
            | StoredEventBody::Unknown(_) => None,
        }
    }

    /// Returns the labels that the Worker had before the event, if the event changed them.
    pub(crate) fn labels_before(&self) -> Option<&Labels> {
        let StoredEventBody::WorkerUpdated { labels_before, .. } = &self.body else { return None };
        labels_before.as_deref()
    }
}
