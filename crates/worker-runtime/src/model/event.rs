//! Events, as streams and replies show them.

use std::sync::Arc;

use llm_engine::StopReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Diagnostic, EventType, Meta, TranscriptEntry, TurnError, UnknownVariant, Usage, WorkerDetail,
    WorkerState,
};
use crate::identity::{Epoch, RuntimeId, TurnId, WorkerRef};

/// Something that happened, and where in the logs it stands.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = super::fragments::add_cursor)]
#[non_exhaustive]
pub struct RuntimeEvent {
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
    /// The Runtime.
    pub runtime_id: RuntimeId,
    /// The start of the Runtime that shows it.
    pub epoch: Epoch,
    /// Its place in the Runtime's log; only in Runtime scope. The first is 1, none is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: Option<u64>,
    /// The Worker that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerRef>,
    /// Its place in the Worker's log. The first is 1, none is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: Option<u64>,
    /// When, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// The turn that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The remarks of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
    /// The key of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// Present and true where the Worker was deleted and names and texts are gone with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(transform = super::fragments::tagged_union)]
#[non_exhaustive]
pub enum EventBody {
    /// The Runtime started.
    RuntimeStarted {},
    /// The Runtime takes no new work.
    RuntimeStopping {
        /// The reason given with the command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
    },
    /// The Runtime has ended.
    RuntimeStopped {},
    /// A Worker exists.
    WorkerCreated {
        /// As it was right after.
        #[schemars(with = "WorkerDetail")]
        detail: Arc<WorkerDetail>,
    },
    /// A Worker's name, labels, profile or instructions changed.
    WorkerUpdated {
        /// As it was right after.
        #[schemars(with = "WorkerDetail")]
        detail: Arc<WorkerDetail>,
    },
    /// A Worker went from one state to another.
    WorkerStateChanged {
        /// The state before.
        from: WorkerState,
        /// The state after.
        to: WorkerState,
        /// The reason given with the command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
    },
    /// A Worker and its transcript are gone.
    WorkerDeleted {},
    /// An input is in the transcript.
    InputAccepted {
        /// The input.
        #[schemars(with = "TranscriptEntry")]
        entry: Arc<TranscriptEntry>,
    },
    /// A turn began.
    TurnStarted {},
    /// A model call of the turn failed and is made again.
    TurnRetrying {
        /// The attempt about to be made; the first retry is 2.
        attempt: u32,
        /// The pause before it, in milliseconds.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        delay_ms: u64,
        /// Why the last attempt failed.
        error: TurnError,
    },
    /// A turn ended: the model finished.
    TurnCompleted {
        /// Why the model stopped.
        stop_reason: StopReason,
        /// What the turn consumed.
        usage: Usage,
        /// The answer.
        #[schemars(with = "TranscriptEntry")]
        entry: Arc<TranscriptEntry>,
    },
    /// A turn ended: it failed.
    TurnFailed {
        /// Why.
        error: TurnError,
        /// What the turn consumed, as far as known.
        usage: Usage,
        /// What had streamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<TranscriptEntry>")]
        entry: Option<Arc<TranscriptEntry>>,
    },
    /// A turn ended: it was cancelled.
    TurnCancelled {
        /// The reason given with the command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
        /// What the turn consumed, as far as known.
        usage: Usage,
        /// What had streamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<TranscriptEntry>")]
        entry: Option<Arc<TranscriptEntry>>,
    },
    /// A turn ended: its Runtime had died.
    TurnLost {
        /// What the turn consumed, as far as known.
        usage: Usage,
    },
    /// The Runtime noticed something.
    Diagnostic {
        /// What.
        diagnostic: Diagnostic,
    },
    /// An event that this version of the crate does not know.
    #[serde(untagged, deserialize_with = "super::unknown::unknown_event")]
    #[schemars(skip)]
    Unknown(UnknownVariant),
}

impl EventBody {
    /// Returns the event's type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match self {
            Self::RuntimeStarted {} => EventType::RuntimeStarted,
            Self::RuntimeStopping { .. } => EventType::RuntimeStopping,
            Self::RuntimeStopped {} => EventType::RuntimeStopped,
            Self::WorkerCreated { .. } => EventType::WorkerCreated,
            Self::WorkerUpdated { .. } => EventType::WorkerUpdated,
            Self::WorkerStateChanged { .. } => EventType::WorkerStateChanged,
            Self::WorkerDeleted {} => EventType::WorkerDeleted,
            Self::InputAccepted { .. } => EventType::InputAccepted,
            Self::TurnStarted {} => EventType::TurnStarted,
            Self::TurnRetrying { .. } => EventType::TurnRetrying,
            Self::TurnCompleted { .. } => EventType::TurnCompleted,
            Self::TurnFailed { .. } => EventType::TurnFailed,
            Self::TurnCancelled { .. } => EventType::TurnCancelled,
            Self::TurnLost { .. } => EventType::TurnLost,
            Self::Diagnostic { .. } => EventType::Diagnostic,
            Self::Unknown(_) => EventType::Unknown,
        }
    }
}

impl RuntimeEvent {
    /// Returns the event's type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.body.event_type()
    }
}
