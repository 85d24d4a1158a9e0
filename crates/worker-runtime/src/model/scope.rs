//! Subscriptions: the log to read, the position to begin at, and the filter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::WorkerRef,
    model::{Cursor, EventFilter},
};

/// The scope of events or of usage: the whole Runtime, or one Worker. It has nothing to do with a
/// `ScopeClaim`, which reserves a resource.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum Scope {
    Runtime(ScopeRuntime),
    Worker(ScopeWorker),
}

/// The Runtime, with all its Workers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeRuntime {}

/// One Worker of the Runtime.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeWorker {
    /// The Worker that is the scope.
    pub worker: WorkerRef,
}

impl Scope {
    /// Returns the scope of the Runtime.
    #[must_use]
    pub const fn runtime() -> Self {
        Self::Runtime(ScopeRuntime {})
    }

    /// Returns the scope of a Worker.
    #[must_use]
    pub const fn worker(worker: WorkerRef) -> Self {
        Self::Worker(ScopeWorker { worker })
    }
}

/// The position at which the reading of events begins.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum EventsFrom {
    Oldest(FromOldest),
    Now(FromNow),
    After(FromAfter),
    AfterSequence(FromAfterSequence),
}

impl EventsFrom {
    /// Begins with the oldest event that is kept.
    #[must_use]
    pub const fn oldest() -> Self {
        Self::Oldest(FromOldest {})
    }

    /// Begins with the next event.
    #[must_use]
    pub const fn now() -> Self {
        Self::Now(FromNow {})
    }

    /// Begins right after a cursor that a reply, an event or an error contained.
    #[must_use]
    pub const fn after(cursor: Cursor) -> Self {
        Self::After(FromAfter { cursor, or_oldest: None })
    }

    /// Begins right after a cursor, or with the oldest event that is kept if the cursor can not be used,
    /// as by a client that kept the cursor for long. The first item is then
    /// [`StreamItem::Reset`](crate::StreamItem::Reset).
    #[must_use]
    pub const fn after_or_oldest(cursor: Cursor) -> Self {
        Self::After(FromAfter { cursor, or_oldest: Some(true) })
    }

    /// Whether reading begins with the oldest event if it can not begin elsewhere.
    pub(crate) fn falls_back(&self) -> bool {
        match self {
            Self::Oldest(_) => true,
            Self::After(it) => it.or_oldest == Some(true),
            Self::Now(_) | Self::AfterSequence(_) => false,
        }
    }

    /// Begins right after the event with this `worker_sequence`; 0 begins with the first event. Not
    /// allowed in the scope of the Runtime.
    #[must_use]
    pub const fn after_sequence(sequence: u64) -> Self {
        Self::AfterSequence(FromAfterSequence { sequence })
    }
}

/// The position right before the oldest event that is kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FromOldest {}

/// The end of the log, so that reading begins with the next event.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FromNow {}

/// The position of a cursor.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FromAfter {
    /// The position at which reading begins, as a reply, an event or an error gave it.
    pub cursor: Cursor,
    /// Whether reading begins with the oldest event that is kept if the cursor can not be used, because
    /// it has expired or belongs to another start of the Runtime, or for any other reason. The first item
    /// of a subscription is then `reset`, and the reply to `read_events` has `reset`. If absent, it is
    /// false, and such a cursor is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_oldest: Option<bool>,
}

/// The position right after an event in a Worker's log. It is refused in the scope of the Runtime.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FromAfterSequence {
    /// The `worker_sequence` of the event, or 0 for the position before the first event.
    #[serde(deserialize_with = "crate::model::wire::integer")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
}

/// A request for a live stream of events. In the scope of a Worker, the stream also has the text of
/// the running turn.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[schemars(transform = super::fragments::sequence_only_of_a_worker)]
pub struct Subscribe {
    /// The scope whose events are wanted.
    pub scope: Scope,
    /// The position at which reading begins. If absent, it is `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EventsFrom>,
    /// The filter that events must pass. If absent, all events pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<EventFilter>,
}

impl Subscribe {
    /// Subscribes to all events in `scope`, from now on.
    #[must_use]
    pub const fn new(scope: Scope) -> Self {
        Self { scope, from: None, filter: None }
    }

    /// Sets the position at which the subscription begins.
    #[must_use]
    pub fn starting_at(mut self, from: EventsFrom) -> Self {
        self.from = Some(from);
        self
    }

    /// Limits the subscription to the events that match `filter`. After a Worker's deletion, a
    /// filter by labels matches none of the Worker's events but the deletion, because the labels
    /// are erased with the names and texts.
    #[must_use]
    pub fn filter(mut self, filter: EventFilter) -> Self {
        self.filter = Some(filter);
        self
    }
}
