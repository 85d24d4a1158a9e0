//! What becomes of a commit, and waiting for it.

use tokio::sync::oneshot;

use crate::error::RuntimeError;

/// What became of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CommitOutcome {
    Committed,
    Refused,
    Unknown,
    LeaseLost,
}

/// A commit that the store has been given.
#[derive(Debug)]
pub(crate) enum SentCommit {
    /// The store answered at once, and the commit is concluded.
    Concluded(CommitOutcome),
    /// A task of the Runtime's waits for the store and concludes the commit, whoever waits here.
    Waiting(oneshot::Receiver<CommitOutcome>),
}

impl SentCommit {
    /// Waits until the commit is concluded. An uncertain failure says whether the request is `repeatable`.
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
