//! The types of events, by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::TurnOutcome;

macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal,)+) => {
        /// The type of an event.
        #[derive(
            Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
        )]
        #[non_exhaustive]
        pub enum EventType {
            $($(#[doc = $doc])+ #[serde(rename = $wire)] $name,)+
            /// The type of an event that this version does not know. It stands in no request.
            #[serde(skip)]
            #[schemars(skip)]
            Unknown,
        }

        impl EventType {
            /// All types that this version knows.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name of the type on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)+
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

event_types! {
    /// The Runtime started.
    RuntimeStarted = "runtime_started",
    /// The Runtime began to stop and takes no new work.
    RuntimeStopping = "runtime_stopping",
    /// The Runtime has stopped.
    RuntimeStopped = "runtime_stopped",
    /// A Worker was created.
    WorkerCreated = "worker_created",
    /// The name, the labels, the profile or the instructions of a Worker changed.
    WorkerUpdated = "worker_updated",
    /// A Worker went from one state to another.
    WorkerStateChanged = "worker_state_changed",
    /// A Worker was deleted, with its transcript.
    WorkerDeleted = "worker_deleted",
    /// An input was added to the transcript.
    InputAccepted = "input_accepted",
    /// A turn began.
    TurnStarted = "turn_started",
    /// A model call of the turn failed and is made again after a pause.
    TurnRetrying = "turn_retrying",
    /// A turn ended because the model had finished.
    TurnCompleted = "turn_completed",
    /// A turn ended because it failed.
    TurnFailed = "turn_failed",
    /// A turn ended because it was cancelled.
    TurnCancelled = "turn_cancelled",
    /// A turn ended because its Runtime had died while the turn ran.
    TurnLost = "turn_lost",
    /// The Runtime noticed something and reports it.
    Diagnostic = "diagnostic",
}

impl EventType {
    /// Returns the type of the event that ends a turn with this outcome.
    pub(crate) fn of_end(outcome: TurnOutcome) -> Self {
        match outcome {
            TurnOutcome::Completed => Self::TurnCompleted,
            TurnOutcome::Failed => Self::TurnFailed,
            TurnOutcome::Cancelled => Self::TurnCancelled,
            TurnOutcome::Lost => Self::TurnLost,
        }
    }

    /// Returns whether an event of this type ends a turn.
    #[must_use]
    pub const fn ends_turn(self) -> bool {
        matches!(
            self,
            Self::TurnCompleted | Self::TurnFailed | Self::TurnCancelled | Self::TurnLost
        )
    }
}
