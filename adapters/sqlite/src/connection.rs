//! A connection to the file, with the settings that this store promises.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{Options, SqliteError, Synchronous};

/// The number of statements that a connection keeps prepared: more than there are in this crate.
const STATEMENTS: usize = 64;

/// Opens the first connection of a store. The file is created if it does not exist.
///
/// The creation of a file waits for the disk four times. With [`Synchronous::Normal`] it does not
/// wait: there is nothing in the file yet that could be damaged. The caller executes
/// [`Options::pragmas`] when the file has its tables.
pub(crate) fn open_first(path: &Path, options: &Options) -> Result<Connection, SqliteError> {
    let is_new = path.metadata().map_or(true, |found| found.len() == 0);
    let before = match options.synchronous {
        Synchronous::Normal if is_new => "PRAGMA synchronous = OFF",
        Synchronous::Normal | Synchronous::Full => "",
    };
    let connection = prepare(path, options, before)?;
    connection.execute_batch(before)?;
    Ok(connection)
}

/// Opens a connection. The file is created if it does not exist.
pub(crate) fn open(path: &Path, options: &Options) -> Result<Connection, SqliteError> {
    prepare(path, options, "")
}

/// Opens a connection, and executes `before` before anything is written.
fn prepare(path: &Path, options: &Options, before: &str) -> Result<Connection, SqliteError> {
    // A path is a path, even if it looks like a URI. Each connection stays with one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?;
    // SQLite opens a file that it may not write without a word.
    if connection.is_readonly("main")? {
        return Err(SqliteError::ReadOnly);
    }
    connection.busy_timeout(options.busy)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    if options.leaves_wal {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    connection.execute_batch(before)?;
    // WAL: readers never wait for the writer, nor the writer for readers, and a transaction is
    // written once, in one place, with one wait for the disk.
    let mode = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode == "wal" => {}
        Ok(mode) => {
            return Err(SqliteError::Failed(format!("this file system allows no WAL, but {mode}")));
        }
        Err(error) => return Err(cannot_open(path, error)),
    }
    connection.execute_batch(&options.pragmas())?;
    Ok(connection)
}

impl Options {
    /// Returns the settings of each connection as SQL, for programs that look into the file beside
    /// the store.
    #[must_use]
    pub fn pragmas(&self) -> String {
        let synchronous = match self.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        // A page is 4 KiB, which nothing here changes.
        let pages = self
            .max_bytes
            .map(|bytes| format!("PRAGMA max_page_count = {};", bytes.div_ceil(4096).max(1)));
        format!(
            "PRAGMA synchronous = {synchronous};
             -- A row without its Worker cannot be written, and a deletion leaves nothing behind.
             PRAGMA foreign_keys = ON;
             -- What is deleted is overwritten by zeros, so that the text of a deleted Worker cannot be
             -- read out of the file once the WAL was written into it.
             PRAGMA secure_delete = ON;
             -- 16 MiB of WAL: the pages of busy Workers are rewritten again and again, and are copied
             -- into the file once for each checkpoint. Reading as much after a crash takes milliseconds.
             PRAGMA wal_autocheckpoint = 4000;
             -- A WAL that grew while a backup was read gives its place back.
             PRAGMA journal_size_limit = 67108864;
             -- 16 MiB. The system caches the rest of the file.
             PRAGMA cache_size = -16384;
             -- No memory map: a disk that fails would end the process by a signal, not by an error.
             PRAGMA mmap_size = 0;
             -- No file is written beside the known three.
             PRAGMA temp_store = MEMORY;
             -- A damaged page is found when it is read, and not later by what it led to.
             PRAGMA cell_size_check = ON;
             PRAGMA trusted_schema = OFF;
             {}",
            pages.unwrap_or_default()
        )
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> SqliteError {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            SqliteError::CannotOpen { path: PathBuf::from(path), problem: error.to_string() }
        }
        Some(_) | None => error.into(),
    }
}
