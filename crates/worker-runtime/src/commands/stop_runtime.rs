//! `stop_runtime`: ends the Runtime, with its Workers or without.

mod acts;
mod drain;

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::drain::StopOptions;
use crate::{
    error::RuntimeError,
    log::{RuntimeFact, RuntimeSource},
    model::{Cursor, Limits, Meta, RuntimeState, setters, wire},
    request::Command,
    state::{caller::Caller, core::Core},
    store::CommandMetadata,
};

/// A command that ends the Runtime: it takes no new work, running turns end, and the store is
/// released. Workers that it keeps are not stopped: the next Runtime on the store goes on with them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StopRuntime {
    /// The fate of the Workers. If absent, it is `keep`: the end of a Runtime ends no conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<StopWorkers>,
    /// The time that running turns may still take, in milliseconds; 0 cancels them at once. A later
    /// stop may bring the deadline forward, and never back. If absent, only the limits of the turns
    /// themselves apply.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub deadline_ms: Option<u64>,
    /// The reason for the command, for people, of 1 to `text_chars` characters. It is shown on
    /// every Worker that is stopped, and on the events. If absent, none is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are shown
    /// on the events, entries and turns that the command causes. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl StopRuntime {
    /// Makes a command that ends the Runtime once running turns have ended.
    ///
    /// Without a deadline the stop lasts as long as the longest turn may, and as long as the store
    /// leaves the outcome of a commit unknown. With one, the Runtime has stopped half a second after
    /// the deadline at the latest, whatever hangs: turns that could not be cancelled are lost, and
    /// Workers that could not be stopped stay as they are, for the next Runtime on the store.
    ///
    /// Once it is accepted, the stop is carried through, even if every handle of the Runtime is
    /// dropped. It ends early only with the tokio runtime that the Runtime works on, or if the lease
    /// of the store is lost.
    #[must_use]
    pub const fn new() -> Self {
        Self { workers: None, deadline_ms: None, reason: None, meta: None }
    }

    /// Sets the time that running turns may still take; 0 cancels them at once.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline_ms = Some(wire::milliseconds(deadline));
        self
    }
}

setters!(StopRuntime { workers: StopWorkers, reason: String, meta: Meta });

/// The fate of the Workers when their Runtime stops.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopWorkers {
    /// Each Worker is stopped, and ends for good with its running turn: it takes no more input, in
    /// this Runtime or in a later one.
    Stop,
    /// The Workers are kept once their running turns have ended, and go on in the next Runtime on
    /// the same store.
    #[default]
    Keep,
}

/// The reply to `stop_runtime`: the Runtime takes no new work.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuntimeStop {
    /// The state of the Runtime, which is `stopping` while turns run. Events tell the end.
    pub state: RuntimeState,
    /// Whether the Runtime was stopping or had stopped before the command.
    pub already: bool,
    /// The position right before the first event that the command caused, in the scope of the
    /// Runtime. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
}

impl StopRuntime {
    pub(crate) fn validate(&self, limits: &Limits) -> Result<(), RuntimeError> {
        limits.check_reason(self.reason.as_ref())?;
        limits.check_meta(self.meta.as_ref())
    }

    /// Returns the state that the command brings the Runtime to, or `None` if the Runtime is
    /// stopping or has stopped already.
    pub(crate) fn decide(state: RuntimeState) -> Option<RuntimeState> {
        match state {
            RuntimeState::Running => Some(RuntimeState::Stopping),
            RuntimeState::Stopping | RuntimeState::Stopped => None,
        }
    }

    fn options(self) -> StopOptions {
        let Self { workers, deadline_ms: _, reason, meta } = self;
        StopOptions { workers: workers.unwrap_or_default(), reason, meta }
    }
}

impl Command for StopRuntime {
    type Reply = RuntimeStop;

    async fn execute(self, caller: &Caller) -> Result<RuntimeStop, RuntimeError> {
        let core = &caller.core;
        self.validate(&core.limits)?;
        let at_ms = core.asked_ms();
        bring_forward(core, self.deadline_ms);
        let reason = self.reason.as_deref().map(Arc::from);
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        let mut board = core.log.lock();
        let cursor = caller.runtime_cursor(board.whole.events.head());
        let Some(state) = Self::decide(board.runtime) else {
            let state = board.runtime;
            return Ok(RuntimeStop { state, already: true, cursor });
        };
        board.runtime = state;
        core.stage.set(state, false);
        let fact = RuntimeFact::Stopping { reason };
        let aftermath = board.append_own(RuntimeSource { at_ms, metadata, fact });
        drop(board);
        core.settle_log(aftermath);
        core.executor.spawn(drain::drain(Arc::clone(core), self.options()));
        Ok(RuntimeStop { state, already: false, cursor })
    }
}

/// Sets the deadline of the stop to `deadline_ms` milliseconds from now, unless an earlier one is
/// set. Does nothing if `deadline_ms` is absent.
fn bring_forward(core: &Core, deadline_ms: Option<u64>) {
    let within = deadline_ms.map(Duration::from_millis);
    let Some(at) = within.and_then(|within| core.executor.after(within)) else { return };
    core.shutdown.bring_forward(at);
    core.in_flight.ring();
}
