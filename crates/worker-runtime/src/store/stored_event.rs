//! An event as it is kept: the envelope's own part, and what happened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{EventType, Labels, Shared, Tags, TranscriptEntry, TurnDetail, TurnError, WorkerState},
    store::WorkerRecord,
};

/// An event of a Worker as it is committed and kept. Its sequence is its place.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StoredEvent {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The turn that it is about.
    pub turn_id: Option<TurnId>,
    /// The remarks and the key of the command that caused it.
    pub tags: Shared<Tags>,
    /// The Worker's labels at that time, by which subscriptions filter.
    pub labels: Shared<Labels>,
    /// What happened.
    pub fact: Fact,
    /// Whether names and texts were erased with their Worker.
    pub redacted: bool,
}

/// What happened to a Worker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// It exists.
    WorkerCreated {
        /// As it was then.
        record: Arc<WorkerRecord>,
    },
    /// Its name, labels, profile or instructions changed.
    WorkerUpdated {
        /// As it was then.
        record: Arc<WorkerRecord>,
        /// The labels before, where they changed.
        labels_before: Option<Arc<Labels>>,
    },
    /// It went from one state to another.
    WorkerStateChanged {
        /// The state before.
        from: WorkerState,
        /// The state after.
        to: WorkerState,
        /// The reason given with the command.
        reason: Option<Arc<str>>,
    },
    /// It is gone.
    WorkerDeleted,
    /// An input is in the transcript.
    InputAccepted {
        /// The input's entry.
        entry: Arc<TranscriptEntry>,
    },
    /// A turn began.
    TurnStarted,
    /// A model call failed and is made again.
    TurnRetrying {
        /// How.
        retry: Arc<RetryFact>,
    },
    /// A turn ended, as its detail says.
    TurnEnded {
        /// The turn after its end.
        turn: Arc<TurnDetail>,
        /// The answer's entry; there always is one in a completed turn.
        entry: Option<Arc<TranscriptEntry>>,
    },
}

/// A model call that is made again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RetryFact {
    /// The attempt about to be made; the first retry is 2.
    pub attempt: u32,
    /// The pause before it, in milliseconds.
    pub delay_ms: u64,
    /// Why the last attempt failed.
    pub error: TurnError,
}

impl StoredEvent {
    /// Bytes of the texts that the event shows, roughly.
    pub(crate) fn text_bytes(&self) -> usize {
        const ENVELOPE: usize = 512;
        let text = match &self.fact {
            Fact::InputAccepted { entry } | Fact::TurnEnded { entry: Some(entry), .. } => {
                entry.text.len()
            }
            Fact::WorkerCreated { record } | Fact::WorkerUpdated { record, .. } => {
                record.spec.instructions.as_ref().map_or(0, |it| it.len())
            }
            Fact::TurnEnded { entry: None, .. }
            | Fact::WorkerStateChanged { .. }
            | Fact::WorkerDeleted
            | Fact::TurnStarted
            | Fact::TurnRetrying { .. } => 0,
        };
        ENVELOPE + text
    }

    /// The event's type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match &self.fact {
            Fact::WorkerCreated { .. } => EventType::WorkerCreated,
            Fact::WorkerUpdated { .. } => EventType::WorkerUpdated,
            Fact::WorkerStateChanged { .. } => EventType::WorkerStateChanged,
            Fact::WorkerDeleted => EventType::WorkerDeleted,
            Fact::InputAccepted { .. } => EventType::InputAccepted,
            Fact::TurnStarted => EventType::TurnStarted,
            Fact::TurnRetrying { .. } => EventType::TurnRetrying,
            Fact::TurnEnded { turn, .. } => EventType::of_end(turn.outcome),
        }
    }
}
