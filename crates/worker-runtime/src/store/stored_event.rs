//! An event of a Worker as stores keep it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{EventType, Labels, TurnError, TurnOutcome, WorkerState},
    store::{CommandMetadata, WorkerRecord},
};

/// An event of a Worker as it is committed and kept.
///
/// It names entries and turns by their numbers and repeats nothing of them: a reader joins it with
/// the Worker's transcript and turns. So a store writes each text once, and a deletion, which removes
/// those, leaves no text behind. The event's sequence is its place among the Worker's events.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StoredEvent {
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
pub enum StoredEventBody {
    /// The Worker exists.
    WorkerCreated {
        /// The record as it was then; the Worker's own has moved on.
        record: Arc<WorkerRecord>,
    },
    /// The Worker's name, labels, profile or instructions changed.
    WorkerUpdated {
        /// The record as it was then.
        record: Arc<WorkerRecord>,
        /// The labels before the change, where they changed: the event still passes filters by them.
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
    /// The Worker is gone.
    WorkerDeleted,
    /// An input is in the transcript.
    InputAccepted {
        /// The sequence of the input's entry.
        entry: u64,
    },
    /// A turn began.
    TurnStarted,
    /// A model call failed and is made again.
    TurnRetrying {
        /// The attempt, the pause before it, and why the last attempt failed.
        retry: Arc<StoredRetry>,
    },
    /// A turn ended.
    TurnEnded {
        /// The turn's ordinal among the Worker's turns; the first is 1. The turn says how it ended
        /// and names its answer's entry.
        turn: u64,
        /// How the turn ended, by which subscriptions filter.
        outcome: TurnOutcome,
    },
}

/// A model call that is made again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StoredRetry {
    /// The attempt about to be made; the first retry is 2.
    pub attempt: u32,
    /// The pause before it, in milliseconds.
    pub delay_ms: u64,
    /// Why the last attempt failed.
    pub error: TurnError,
}

impl StoredEvent {
    /// The event's type.
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
        }
    }

    /// The labels that the Worker had before the event, where the event changed them.
    pub(crate) fn labels_before(&self) -> Option<&Labels> {
        match &self.body {
            StoredEventBody::WorkerUpdated { labels_before, .. } => labels_before.as_deref(),
            StoredEventBody::WorkerCreated { .. }
            | StoredEventBody::WorkerStateChanged { .. }
            | StoredEventBody::WorkerDeleted
            | StoredEventBody::InputAccepted { .. }
            | StoredEventBody::TurnStarted
            | StoredEventBody::TurnRetrying { .. }
            | StoredEventBody::TurnEnded { .. } => None,
        }
    }
}
