//! The errors of a store.

use std::time::Duration;

use crate::identity::{RuntimeId, WorkerId};

/// The error of a store's call. The text is for the Backend's log and never reaches a reply.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The call was refused: it has changed nothing and never will.
    #[error("refused: {0}")]
    Refused(String),
    /// The call may or may not have taken effect. A commit has to be settled.
    #[error("unknown: {0}")]
    Unknown(String),
    /// The lease is no longer valid, because it was released or another Runtime opened the store.
    /// The call has changed nothing and never will.
    #[error("another Runtime owns the store")]
    LeaseLost,
}

/// The error of opening a store.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another Runtime owns the store until its lease runs out.
    #[error("the store is owned by another Runtime for at least {remaining:?}")]
    Owned {
        /// The remaining time of that lease unless it is renewed.
        remaining: Duration,
    },
    /// The store belongs to another Runtime than the requested one.
    #[error("the store belongs to the Runtime {runtime_id}")]
    OtherRuntime {
        /// The Runtime that the store belongs to.
        runtime_id: RuntimeId,
    },
    /// The store was written by a later version, whose stored form this one would damage.
    #[error(
        "the store has the stored form {format}, which is newer than this program's: use the version of the program that wrote it, or a later one"
    )]
    NewerFormat {
        /// The version of the stored form.
        format: u32,
    },
    /// The store failed, panicked or did not answer in time.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// The result of a commit that had been answered with [`StoreError::Unknown`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settlement {
    /// The commit took effect.
    Committed,
    /// The commit did not take effect, and never will.
    NotApplied,
}

/// A Worker whose record in the store cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CorruptWorker {
    /// The Worker, if its id can be read.
    pub worker_id: Option<WorkerId>,
    /// The Worker's ordinal, after which the next page of Workers begins.
    pub ordinal: u64,
    /// A description of the problem, without any text of the conversation. A Runtime shows the first
    /// 500 characters, without control characters.
    pub problem: String,
}
