//! The progress of a Runtime that stops.

use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::time::Instant;

use crate::model::RuntimeState;

/// The deadline of a stop, and whether the Runtime has closed.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    /// The time at which running turns are cancelled; `None` if no stop has set one.
    deadline: Mutex<Option<Instant>>,
    gate: RwLock<Gate>,
}

/// What a Runtime still does with changes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Gate {
    /// Changes are begun and published.
    #[default]
    Open,
    /// The changes that were begun are published, and no further ones are begun.
    Sealed,
    /// No change is published any more.
    Closed,
}

/// The right to publish a commit. The Runtime does not close while this is held.
#[derive(Debug)]
pub(crate) struct Publishing<'a>(#[expect(dead_code, reason = "held")] RwLockReadGuard<'a, Gate>);

impl Shutdown {
    /// Returns the time at which running turns are cancelled, if a stop has set one.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        *self.deadline.lock()
    }

    /// Sets the deadline to `at`, unless a sooner deadline is set already.
    pub(crate) fn bring_forward(&self, at: Instant) {
        let mut deadline = self.deadline.lock();
        *deadline = Some(deadline.map_or(at, |earlier| earlier.min(at)));
    }

    /// Begins to publish a commit, unless the Runtime has closed.
    ///
    /// The check and the publication are one step with regard to [`close`](Self::close), so that no
    /// event of a Worker comes after the event that says that the Runtime has stopped.
    pub(crate) fn publishing(&self) -> Option<Publishing<'_>> {
        let gate = self.gate.read();
        (*gate != Gate::Closed).then_some(Publishing(gate))
    }

    /// Whether changes are begun. A caller that was counted in before this call is waited for.
    pub(crate) fn takes_changes(&self) -> bool {
        *self.gate.read() == Gate::Open
    }

    /// Refuses changes that are not begun yet. Whoever waits for those that are counted afterwards
    /// waits for all that are begun.
    pub(crate) fn seal(&self) {
        let mut gate = self.gate.write();
        if *gate == Gate::Open {
            *gate = Gate::Sealed;
        }
    }

    /// Waits until every commit that is being published is visible, and refuses further ones.
    /// Returns whether this call was the first to close.
    pub(crate) fn close(&self) -> bool {
        std::mem::replace(&mut *self.gate.write(), Gate::Closed) != Gate::Closed
    }

    /// Whether the Runtime has closed, so that no commit is published any more.
    pub(crate) fn is_closed(&self) -> bool {
        *self.gate.read() == Gate::Closed
    }
}

/// The state of a Runtime in one byte. It is written under the log's lock, together with the state
/// in the figures, and read without that lock.
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
        self.0.store(byte, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> RuntimeState {
        match self.0.load(Ordering::SeqCst) {
            0 => RuntimeState::Running,
            Self::STOPPING => RuntimeState::Stopping,
            _ => RuntimeState::Stopped,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst) == Self::CLOSED
    }
}
