//! The outcome of a commit, and waiting for it.

use crate::{error::RuntimeError, sync::Told};

/// The outcome of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CommitOutcome {
    Committed,
    Refused,
    Unknown,
    LeaseLost,
}

/// A commit that was sent to the store.
#[derive(Debug)]
#[must_use = "the change may fail"]
pub(crate) enum SentCommit {
    /// The store answered at once, and the commit is concluded.
    Concluded(CommitOutcome),
    /// A task of the Runtime waits for the store's answer and concludes the commit, even if the
    /// receiver is dropped.
    Waiting(Told<CommitOutcome>),
}

impl SentCommit {
    /// Waits until the commit is concluded. Returns an error unless the change is committed; if the
    /// outcome is unknown, the error reports whether the request is `repeatable`.
    pub(crate) async fn committed(self, repeatable: bool) -> Result<(), RuntimeError> {
        let outcome = match self {
            Self::Concluded(outcome) => outcome,
            Self::Waiting(told) => told.await.unwrap_or(CommitOutcome::Unknown),
        };
        match outcome {
            CommitOutcome::Committed => Ok(()),
            CommitOutcome::Refused => Err(RuntimeError::store_refused()),
            CommitOutcome::Unknown => Err(RuntimeError::store_unknown(repeatable)),
            CommitOutcome::LeaseLost => Err(RuntimeError::RuntimeStopped {}),
        }
    }
}
