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

/// An event: something that happened to a Runtime or to a Worker, with its place in the logs.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = super::fragments::add_cursor)]
#[non_exhaustive]
pub struct RuntimeEvent {
    /// The type of the event, and the fields of that type.
    #[serde(flatten)]
    pub body: EventBody,
    /// The id of the Runtime that shows the event.
    pub runtime_id: RuntimeId,
    /// The epoch of the Runtime that shows the event. It may be later than the epoch in which the
    /// event happened.
    pub epoch: Epoch,
    /// The number of the event in the Runtime's log, or in the tenant's for who acts for a tenant. The
    /// first event of an epoch has number 1, and no number is left out. It is present in the scope
    /// of the Runtime only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: Option<u64>,
    /// The Worker that the event is about. If absent, the event is about the Runtime itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerRef>,
    /// The tenant that the Worker belongs to. If absent, the event is about no Worker, or the Worker
    /// belongs to no tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<Arc<str>>,
    /// The number of the event in the Worker's log. The first event of the Worker has number 1, and
    /// no number is left out, also across restarts. If absent, the event is not in the log of a
    /// Worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: Option<u64>,
    /// The time of the event, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: u64,
    /// The id of the turn that the event is about. If absent, it is about no turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The `meta` of the command that caused the event. If absent, no command caused it, or the
    /// command had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
    /// The idempotency key of the command that caused the event. If absent, no command caused it,
    /// or the command had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<Arc<str>>,
    /// Whether names and texts are gone from the event, because the Worker was deleted: a required
    /// text is empty, and an optional one is absent. If absent, it is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

/// The type of an event, and the fields of that type.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(transform = super::fragments::tagged_union)]
#[non_exhaustive]
pub enum EventBody {
    /// The Runtime started.
    RuntimeStarted {},
    /// The Runtime began to stop and takes no new work.
    RuntimeStopping {
        /// The reason that was given with the command. If absent, none was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
    },
    /// The Runtime has stopped.
    RuntimeStopped {},
    /// A Worker was created.
    WorkerCreated {
        /// The Worker as it was right after the event.
        #[schemars(with = "WorkerDetail")]
        detail: Arc<WorkerDetail>,
    },
    /// The name, the labels, the profile or the instructions of a Worker changed.
    WorkerUpdated {
        /// The Worker as it was right after the event.
        #[schemars(with = "WorkerDetail")]
        detail: Arc<WorkerDetail>,
    },
    /// A Worker went from one state to another.
    WorkerStateChanged {
        /// The state of the Worker before the event.
        from: WorkerState,
        /// The state of the Worker after the event.
        to: WorkerState,
        /// The reason that was given with the command. If absent, none was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
    },
    /// A Worker was deleted, with its transcript.
    WorkerDeleted {},
    /// An input was added to the transcript.
    InputAccepted {
        /// The entry of the input in the transcript.
        #[schemars(with = "TranscriptEntry")]
        entry: Arc<TranscriptEntry>,
    },
    /// A turn began.
    TurnStarted {},
    /// A model call of the turn failed and is made again after a pause.
    TurnRetrying {
        /// The number of the attempt that is about to be made. The first retry has number 2.
        attempt: u32,
        /// The pause before the attempt, in milliseconds.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        delay_ms: u64,
        /// The error of the attempt that failed.
        error: TurnError,
    },
    /// A turn ended because the model had finished.
    TurnCompleted {
        /// The reason for which the model stopped.
        stop_reason: StopReason,
        /// The tokens and the time that the turn consumed.
        usage: Usage,
        /// The entry of the answer in the transcript.
        #[schemars(with = "TranscriptEntry")]
        entry: Arc<TranscriptEntry>,
    },
    /// A turn ended because it failed.
    TurnFailed {
        /// The error for which the turn failed.
        error: TurnError,
        /// The tokens and the time that the turn consumed, as far as they are known.
        usage: Usage,
        /// The entry with the text that had streamed before the end, which is marked as
        /// `truncated`. If absent, no text had streamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<TranscriptEntry>")]
        entry: Option<Arc<TranscriptEntry>>,
    },
    /// A turn ended because it was cancelled.
    TurnCancelled {
        /// The reason that was given with the command. If absent, none was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        reason: Option<Arc<str>>,
        /// The tokens and the time that the turn consumed, as far as they are known.
        usage: Usage,
        /// The entry with the text that had streamed before the end, which is marked as
        /// `truncated`. If absent, no text had streamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<TranscriptEntry>")]
        entry: Option<Arc<TranscriptEntry>>,
    },
    /// A turn ended because its Runtime had died while the turn ran.
    TurnLost {
        /// The tokens and the time that the turn consumed, as far as they are known.
        usage: Usage,
    },
    /// The Runtime noticed something and reports it.
    Diagnostic {
        /// The diagnostic that the Runtime recorded.
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

impl EventBody {
    /// Returns the name of the event's type on the wire, also of a type that is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(unknown) => &unknown.r#type,
            known => known.event_type().as_str(),
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
