//! A recorded reply, with a stream from its cursor.

use std::{ops::RangeInclusive, sync::Arc};

use worker_runtime::{
    Cursor, Scope, Subscription, WorkerRef,
    commands::CommandReply,
    model::{Meta, RuntimeSummary, WorkerDetail, WorkerSummary},
    queries::{TranscriptReply, TurnReply},
};

/// A reply, and the circumstances in which it was made.
pub(crate) struct Observation {
    /// The Worker to whose log the cursor belongs. `None` if the cursor belongs to the Runtime's log.
    pub(crate) worker: Option<WorkerRef>,
    pub(crate) reply: Reply,
    pub(crate) cursor: Cursor,
    pub(crate) call: Call,
    /// A stream from the cursor. `None` if the Worker was deleted right after the reply.
    pub(crate) stream: Option<Subscription>,
}

/// The circumstances of a call.
#[derive(Clone)]
pub(crate) struct Call {
    /// The cursor of the Runtime's log right before the call.
    pub(crate) before: Cursor,
    /// The possible sequences of the Worker during the call.
    pub(crate) sequences: RangeInclusive<u64>,
}

/// The part of a reply that is compared with the final state.
pub(crate) enum Reply {
    /// The reply to a command whose metadata no other command has.
    Command(Meta, Box<CommandReply>),
    Worker(Arc<WorkerDetail>),
    Transcript(Box<TranscriptReply>),
    Turn(Box<TurnReply>),
    Workers(Vec<WorkerSummary>),
    Runtime(Box<RuntimeSummary>),
}

impl Observation {
    pub(crate) fn scope(&self) -> Scope {
        self.worker.map_or(Scope::runtime(), Scope::worker)
    }
}
