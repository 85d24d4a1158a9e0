//! The errors of opening, copying and checking a file, each with what to do about it.

use std::{io, path::PathBuf, time::Duration};

use rusqlite::ErrorCode;

/// The reason why a store could not be opened, copied or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// The file cannot be opened or created.
    #[error(
        "{} cannot be opened ({problem}): its folder must exist, and the program must have the right \
         to write both the file and the folder", path.display()
    )]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// The file or its folder cannot be written.
    #[error(
        "the file or its folder is read-only: give the program the right to write both, because \
         SQLite keeps two more files beside the first"
    )]
    ReadOnly,
    /// The file is not a database of SQLite.
    #[error("the file is not a database of SQLite: name another file, or restore a backup")]
    NotADatabase,
    /// The file is a database of another program.
    #[error("the file holds another program's tables: name another file")]
    OtherProgram,
    /// The file was written by a later version of this store.
    #[error(
        "the file has version {found}, and this program knows versions up to {known}: use a program \
         of the version that wrote the file, or a backup from before. The file was not changed"
    )]
    NewerVersion {
        /// The version of the file.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is of an earlier version and still in use, so that it cannot be brought to the
    /// present one.
    #[error(
        "the file is of an earlier version, and a program of that version may still use it: end that \
         program, and try again in {remaining:?}"
    )]
    InUse {
        /// The time after which an owner that is gone no longer counts.
        remaining: Duration,
    },
    /// Another process was writing for the whole time that is waited.
    #[error("another process was writing to the file for too long: try again")]
    Busy,
    /// The disk is full, or the file has the most bytes that it may have.
    #[error("the disk is full, or the file is as large as it may get: make room, and try again")]
    Full,
    /// The file is damaged. The texts say where, and quote nothing of what is stored.
    #[error(
        "the file is damaged: {}. Keep a copy of it, and restore a backup", findings.join("; ")
    )]
    Damaged {
        /// What is wrong, at most a few dozen findings.
        findings: Vec<String>,
    },
    /// The file for a backup exists.
    #[error("{} exists: a backup overwrites nothing, so name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system failed in another way.
    #[error("the file could not be used: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { findings: vec![error.to_string()] },
            Some(_) | None => Self::Failed(error.to_string()),
        }
    }
}

impl From<io::Error> for SqliteError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Failed(error.to_string()),
        }
    }
}
