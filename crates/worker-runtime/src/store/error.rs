//! How a store says no.

use std::time::Duration;

use crate::identity::{RuntimeId, WorkerId};

/// Why a store did not do as asked. The reason is for the Backend's log; it never reaches a reply.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing happened, nor ever will.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing is certain; settle it.
    #[error("unknown: {0}")]
    Unknown(String),
    /// Another Runtime owns the store now. Nothing happened, nor ever will.
    #[error("another Runtime owns the store")]
    LeaseLost,
}

/// Why a store could not be taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another Runtime owns the store, until its lease runs out.
    #[error("the store is owned by another Runtime for at least {remaining:?}")]
    Owned {
        /// How long that lease lasts from now on unless it is renewed.
        remaining: Duration,
    },
    /// It belongs to another Runtime than the one insisted on.
    #[error("the store belongs to the Runtime {runtime_id}")]
    OtherRuntime {
        /// The Runtime it belongs to.
        runtime_id: RuntimeId,
    },
    /// It failed.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// What became of a commit that was unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settlement {
    /// It took effect.
    Committed,
    /// It did not, and never will.
    NotApplied,
}

/// A Worker that is in the store and cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CorruptWorker {
    /// The Worker, if at least that is known.
    pub worker_id: Option<WorkerId>,
    /// Its ordinal, so that reading goes on after it.
    pub ordinal: u64,
    /// What is wrong, without a text of the conversation.
    pub problem: String,
}
