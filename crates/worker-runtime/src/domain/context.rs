//! The values that a decision may use besides the Worker that it is about.

use crate::{
    domain::{idempotency::WindowBounds, profiles::Profiles},
    error::RuntimeError,
    identity::{RuntimeIdentity, WorkerId},
    model::{Cursor, Limits, LogId, Position, RuntimeState},
};

/// The values that a decision may use besides the Worker that it is about.
///
/// The `decide` of a command does no I/O, reads no clock and changes nothing: the same values give
/// the same decision, on which `preview` relies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecisionContext<'a> {
    pub(crate) identity: &'a RuntimeIdentity,
    pub(crate) limits: &'a Limits,
    pub(crate) profiles: &'a Profiles,
    pub(crate) now_ms: u64,
    pub(crate) state: RuntimeState,
}

impl DecisionContext<'_> {
    /// Returns an error if the Runtime takes no new work.
    pub(crate) fn takes_work(&self) -> Result<(), RuntimeError> {
        takes_work(self.state)
    }

    /// Returns an error if nothing can change any more.
    pub(crate) fn can_change(&self) -> Result<(), RuntimeError> {
        match self.state {
            RuntimeState::Running | RuntimeState::Stopping => Ok(()),
            RuntimeState::Stopped => Err(RuntimeError::RuntimeStopped {}),
        }
    }

    /// Returns an error if a transcript with `entries` entries has no room for an input and its
    /// answer.
    pub(crate) fn has_room_for_two(&self, entries: u64) -> Result<(), RuntimeError> {
        let max = self.limits.transcript_entries;
        if entries.saturating_add(2) <= max {
            Ok(())
        } else {
            Err(exhausted("transcript_entries", max))
        }
    }

    pub(crate) fn input_keys(&self) -> WindowBounds {
        let Limits { idempotency_keys, idempotency_age_ms, .. } = *self.limits;
        WindowBounds { count: idempotency_keys, age_ms: idempotency_age_ms }
    }

    pub(crate) fn create_keys(&self) -> WindowBounds {
        let Limits { idempotency_keys_create, idempotency_age_ms, .. } = *self.limits;
        WindowBounds { count: idempotency_keys_create, age_ms: idempotency_age_ms }
    }

    pub(crate) fn worker_cursor(&self, worker_id: WorkerId, sequence: u64) -> Cursor {
        let log = LogId::Worker(worker_id);
        Position { runtime_id: self.identity.runtime_id, log, sequence }.into()
    }
}

/// Returns an error if a Runtime in this state takes no new work.
pub(crate) fn takes_work(state: RuntimeState) -> Result<(), RuntimeError> {
    match state {
        RuntimeState::Running => Ok(()),
        RuntimeState::Stopping => Err(RuntimeError::RuntimeStopping {}),
        RuntimeState::Stopped => Err(RuntimeError::RuntimeStopped {}),
    }
}

/// Returns the error for a limit that is reached.
pub(crate) fn exhausted(what: &str, max: u64) -> RuntimeError {
    RuntimeError::CapacityExhausted { what: what.to_owned(), max }
}
