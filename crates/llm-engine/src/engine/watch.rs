//! Checks the deadlines of a turn.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Deadlines, EngineError, ErrorKind, timer::after};

/// The progress of a turn, for comparison with its deadlines. It holds no timer.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The time at which the whole turn must be over. The first poll sets it.
    turn_ends: Option<Instant>,
    /// Whether the present call has made progress.
    progressed: bool,
    /// The time from which the present call is measured. The first poll without progress sets it.
    /// The start of the call and the last progress do not, because time in which nobody polls the
    /// turn must not make its provider fail.
    owed_since: Option<Instant>,
}

impl Watch {
    /// Returns the time at which the whole turn must be over. The first poll sets it.
    pub(super) fn turn_ends(&mut self, deadlines: &Deadlines, now: Instant) -> Instant {
        *self.turn_ends.get_or_insert_with(|| after(now, deadlines.turn))
    }

    pub(super) fn check_turn(
        &mut self,
        deadlines: &Deadlines,
        now: Instant,
    ) -> Result<(), EngineError> {
        if now < self.turn_ends(deadlines, now) {
            return Ok(());
        }
        Err(timeout("the turn was not over", deadlines.turn, "turn"))
    }

    pub(super) fn call_begins(&mut self) {
        self.progressed = false;
        self.owed_since = None;
    }

    /// Notes that the provider works on the present call, and has nothing to say.
    pub(super) fn is_alive(&mut self) {
        self.owed_since = None;
    }

    pub(super) fn progress(&mut self) {
        self.progressed = true;
        self.owed_since = None;
    }

    /// Returns the time by which the call must make progress. Fails if that time has passed.
    pub(super) fn check_call(
        &mut self,
        deadlines: &Deadlines,
        now: Instant,
    ) -> Result<Instant, EngineError> {
        let owed_since = *self.owed_since.get_or_insert(now);
        let (limit, what, name) = if self.progressed {
            (
                deadlines.idle,
                "the provider, silent in the middle of its answer, did not go on",
                "idle",
            )
        } else {
            (deadlines.first_event, "the provider did not begin to answer", "first_event")
        };
        let deadline = after(owed_since, limit);
        if now < deadline { Ok(deadline) } else { Err(timeout(what, limit, name)) }
    }
}

fn timeout(what: &str, limit: Duration, name: &str) -> EngineError {
    EngineError::new(
        ErrorKind::Timeout,
        format!("{what} within {limit:?} (deadlines.{name}); try again or raise the limit"),
    )
}
