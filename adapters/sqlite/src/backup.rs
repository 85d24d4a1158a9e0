//! A copy of the whole store as it is now.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::SqliteError;

/// Writes a copy to a new file. The name appears when the copy is complete and on the disk.
pub(crate) fn write(connection: &Connection, to: &Path) -> Result<(), SqliteError> {
    if to.try_exists()? {
        return Err(SqliteError::Exists { path: to.to_owned() });
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // What an earlier backup left that did not come to its end.
    if partial.try_exists()? {
        fs::remove_file(&partial)?;
    }
    let written = write_partial(connection, &partial, to);
    if written.is_err() {
        // The error is told already, and whatever is left says by its name that it is not complete.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_partial(connection: &Connection, partial: &Path, to: &Path) -> Result<(), SqliteError> {
    let name = partial.to_str().ok_or_else(|| SqliteError::CannotOpen {
        path: to.to_owned(),
        problem: "SQLite takes no name that is not UTF-8".to_owned(),
    })?;
    // All in one snapshot, and without the free pages of the original.
    connection.execute("VACUUM INTO ?", [name])?;
    let copy = Connection::open(partial)?;
    copy.execute("UPDATE owner SET until_ms = 0, locked = 0", [])?;
    copy.close().map_err(|(_, error)| error)?;
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    // On Unix a name is on the disk when its folder is; elsewhere a folder cannot be opened.
    if let Some(Ok(folder)) = to.canonicalize()?.parent().map(File::open) {
        folder.sync_all()?;
    }
    Ok(())
}
