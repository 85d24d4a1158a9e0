//! The failures of a call, and what each of them says about a commit.

use std::time::Duration;

use rusqlite::ErrorCode;
use worker_runtime::store::{OpenError, StoreError};

use crate::SqliteError;

/// The reason why the database did not do as asked.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The transaction failed before its commit began, so nothing was changed.
    Before(String),
    /// Another process was writing for the whole time that SQLite waits.
    Busy,
    /// The transaction failed during its commit, which may have taken effect.
    During(String),
    /// Another owner has the store.
    LeaseLost,
    /// A stored value is not what was written. The text says where, and quotes nothing of the value.
    Unreadable(String),
}

impl Failure {
    /// The failure of the end of a transaction. SQLite says `busy` only if it has written nothing.
    pub(crate) fn during(error: rusqlite::Error) -> Self {
        match Self::from(error) {
            Self::Before(problem) => Self::During(problem),
            other => other,
        }
    }

    /// The failure of a thread that has panicked. Its last job may have taken effect.
    pub(crate) fn gone() -> Self {
        Self::During("the database's thread is gone: build a new store".to_owned())
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Self::Busy,
            // These come with what to do about them.
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase,
            ) => {
                let problem = error.to_string();
                Self::Before(format!("{problem}: {}", SqliteError::from(error)))
            }
            Some(_) | None => Self::Before(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        // The text of the error may quote the value.
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        Self::Unreadable(format!("bad JSON: {kind:?} at line {line}, column {column}"))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Before(problem) | Failure::Unreadable(problem) => Self::Refused(problem),
            Failure::Busy => Self::Refused("another process is writing".to_owned()),
            Failure::During(problem) => Self::Unknown(problem),
            Failure::LeaseLost => Self::LeaseLost,
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Before(problem) | Failure::During(problem) | Failure::Unreadable(problem) => {
                Self::Failed(problem)
            }
            // The process that writes owns the store, or is about to own it.
            Failure::Busy => Self::Owned { remaining: Duration::from_millis(1) },
            Failure::LeaseLost => Self::Failed("another owner was quicker".to_owned()),
        }
    }
}
