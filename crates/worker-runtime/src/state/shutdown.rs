//! How far a Runtime has come on the way to its end.

use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::time::Instant;

use crate::model::RuntimeState;

/// How far a Runtime that stops has come.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    /// When running turns are cancelled.
    deadline: Mutex<Option<Instant>>,
    /// Whether nothing is published any more.
    is_closed: RwLock<bool>,
}

/// The right to publish a commit: the Runtime does not close meanwhile.
#[derive(Debug)]
pub(crate) struct Publishing<'a>(#[expect(dead_code, reason = "held")] RwLockReadGuard<'a, bool>);

impl Shutdown {
    /// When running turns are cancelled, as far as a stop has said.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        *self.deadline.lock()
    }

    /// Moves the deadline forward, if it is later or was none.
    pub(crate) fn bring_forward(&self, at: Instant) {
        let mut deadline = self.deadline.lock();
        *deadline = Some(deadline.map_or(at, |earlier| earlier.min(at)));
    }

    /// Begins to publish a commit, unless the Runtime has closed.
    ///
    /// Whether it has closed and the publication are one step: nothing can come after the event that says
    /// that the Runtime has stopped.
    pub(crate) fn publishing(&self) -> Option<Publishing<'_>> {
        let is_closed = self.is_closed.read();
        (!*is_closed).then_some(Publishing(is_closed))
    }

    /// Waits until what is being published shows, and has nothing published after that. Returns whether the
    /// caller is the first to close.
    pub(crate) fn close(&self) -> bool {
        !std::mem::replace(&mut *self.is_closed.write(), true)
    }

    /// Whether nothing is published any more.
    pub(crate) fn is_closed(&self) -> bool {
        *self.is_closed.read()
    }
}

/// A Runtime's state in one byte. It is written under the log's lock, together with the log's own.
#[derive(Debug, Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const STOPPING: u8 = 1;
    const STOPPED: u8 = 2;
    const CLOSED: u8 = 3;

    pub(crate) fn set(&self, state: RuntimeState, closed: bool) {
        let byte = match state {
            RuntimeState::Running => 0,
            RuntimeState::Stopping => Self::STOPPING,
            RuntimeState::Stopped if closed => Self::CLOSED,
            RuntimeState::Stopped => Self::STOPPED,
        };
        self.0.store(byte, Ordering::Release);
    }

    pub(crate) fn get(&self) -> RuntimeState {
        match self.0.load(Ordering::Acquire) {
            0 => RuntimeState::Running,
            Self::STOPPING => RuntimeState::Stopping,
            _ => RuntimeState::Stopped,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::CLOSED
    }
}
