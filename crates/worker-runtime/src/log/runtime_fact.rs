//! Events of the Runtime itself, which only the Runtime's log contains.

use std::sync::Arc;

use crate::{
    model::{Diagnostic, EventType, RuntimeState},
    store::CommandMetadata,
};

/// An event of the Runtime itself.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeSource {
    pub(crate) at_ms: u64,
    /// The metadata of the command that caused the event.
    pub(crate) metadata: Option<Arc<CommandMetadata>>,
    pub(crate) fact: RuntimeFact,
}

/// The kind and the content of an event of the Runtime itself.
#[derive(Clone, Debug)]
pub(crate) enum RuntimeFact {
    Started,
    Stopping { reason: Option<Arc<str>> },
    Stopped,
    Diagnostic(Arc<Diagnostic>),
}

impl RuntimeFact {
    /// Returns the state of the Runtime that the event tells of, if it tells of one.
    pub(crate) fn state(&self) -> Option<RuntimeState> {
        match self {
            Self::Started => Some(RuntimeState::Running),
            Self::Stopping { .. } => Some(RuntimeState::Stopping),
            Self::Stopped => Some(RuntimeState::Stopped),
            Self::Diagnostic(_) => None,
        }
    }

    pub(crate) fn event_type(&self) -> EventType {
        match self {
            Self::Started => EventType::RuntimeStarted,
            Self::Stopping { .. } => EventType::RuntimeStopping,
            Self::Stopped => EventType::RuntimeStopped,
            Self::Diagnostic(_) => EventType::Diagnostic,
        }
    }
}
