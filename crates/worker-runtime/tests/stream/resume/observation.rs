//! A reply as it was taken: what it showed, and where it cut the log.

use std::sync::Arc;

use worker_runtime::{
    Cursor, Scope, Subscription, WorkerRef,
    commands::{Cancellation, RuntimeStop},
    model::{InputReceipt, Meta, RuntimeSummary, WorkerDetail, WorkerState, WorkerSummary},
    queries::{TranscriptReply, TurnReply},
};

/// A reply, and a stream from where it cut.
pub(crate) struct Cut {
    pub(crate) shows: Shows,
    pub(crate) cursor: Cursor,
    /// The Runtime's position before the request was made.
    pub(crate) before: Cursor,
    /// Not there if the Worker was deleted right after the reply.
    pub(crate) stream: Option<Subscription>,
}

/// What a reply shows.
pub(crate) enum Shows {
    /// What a command said it did.
    Deed(Deed),
    /// A Worker. A query's cursor lies at the end of what it shows, a command's before.
    Worker {
        detail: Arc<WorkerDetail>,
        exact: bool,
    },
    /// A part of what there is of a Worker, whose sequence was `between` these.
    Transcript {
        worker: WorkerRef,
        reply: Box<TranscriptReply>,
        between: [u64; 2],
    },
    Turn {
        worker: WorkerRef,
        reply: Box<TurnReply>,
        between: [u64; 2],
    },
    Workers(Vec<WorkerSummary>),
    Runtime(Box<RuntimeSummary>),
    RuntimeStop {
        call: Meta,
        reply: RuntimeStop,
    },
}

/// What a command about a Worker said it did.
pub(crate) struct Deed {
    pub(crate) worker: WorkerRef,
    /// The meta of the call, which nothing else has.
    pub(crate) call: Meta,
    /// The Worker's sequence before and after the call.
    pub(crate) between: [u64; 2],
    pub(crate) said: Said,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    Created(Option<InputReceipt>),
    Accepted { receipt: InputReceipt, replayed: bool },
    Cancelled(Cancellation),
    Stopped { state: WorkerState, already: bool },
    WorkerCancelled { already: bool },
    Updated { worker_sequence: u64 },
}

impl Shows {
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Deed(Deed { worker, .. })
            | Self::Transcript { worker, .. }
            | Self::Turn { worker, .. } => Scope::worker(*worker),
            Self::Worker { detail, .. } => Scope::worker(detail.worker),
            Self::Workers(_) | Self::Runtime(_) | Self::RuntimeStop { .. } => Scope::runtime(),
        }
    }
}
