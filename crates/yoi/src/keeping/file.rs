//! The file of a conversation, which nobody but its user may read.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::task::spawn_blocking;
use yoi_sqlite::{Options, SqliteError, SqliteStore, Synchronous, owner_process};

use crate::failure::Failure;

/// The names that SQLite and the store add to that of a file for the files that they keep beside it.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", ".lock"];

/// Opens the store in a file, and creates the file if it does not exist. Does not block the thread.
///
/// SQLite does not wait for the disk: what was said in the moment before a power failure may be
/// lost, and is not worth that each prompt waits.
pub(super) async fn open(path: &Path) -> Result<Arc<SqliteStore>, SqliteError> {
    open_with(path, Options::default().synchronous(Synchronous::Normal).readers(1).leave_wal())
        .await
}

async fn open_with(path: &Path, options: Options) -> Result<Arc<SqliteStore>, SqliteError> {
    let path = path.to_owned();
    let opening = spawn_blocking(move || {
        let is_new = create(&path)?;
        let opened = options.open(&path);
        if is_new && opened.is_err() {
            // The error of the opening is the one to tell.
            let _ = remove(&path);
        }
        opened.map(Arc::new)
    });
    opening.await.unwrap_or_else(|error| Err(SqliteError::Failed(error.to_string())))
}

/// Opens the store in a file like [`open`], for a user who named the file.
pub(super) async fn stored(path: &Path) -> Result<Arc<SqliteStore>, Failure> {
    open(path).await.map_err(|error| failed(path, &error))
}

/// Opens the store in a file for a program, to which each reply is a promise: SQLite waits for the
/// disk.
pub(super) async fn durable(path: &Path) -> Result<Arc<SqliteStore>, Failure> {
    open_with(path, Options::default()).await.map_err(|error| failed(path, &error))
}

/// Opens the store in a file that must exist.
pub(super) async fn existing(path: &Path) -> Result<Arc<SqliteStore>, Failure> {
    match path.metadata() {
        Ok(_) => stored(path).await,
        Err(error) => Err(Failure::storage(format!("{}: {error}", path.display()))),
    }
}

/// Creates a file and the one for its lock, for the user alone, if there is none. Returns whether
/// there was none. SQLite gives the files that it keeps beside a database the same rights.
fn create(path: &Path) -> io::Result<bool> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    }
    match options.open(companion(path, ".lock")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(true),
    }
}

/// Removes a file and those beside it. The lock goes last, so that nobody takes what is half
/// removed for a file without an owner.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for name in COMPANIONS {
        match fs::remove_file(companion(path, name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Returns the path of the WAL of a file.
pub(super) fn wal(path: &Path) -> PathBuf {
    companion(path, "-wal")
}

fn companion(path: &Path, name: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(name);
    path.into()
}

/// Returns the failure of a file that cannot be used.
pub(super) fn failed(path: &Path, error: &SqliteError) -> Failure {
    Failure::storage(format!("{}: {error}", path.display()))
}

/// Returns the failure of a file that another process owns.
pub(super) fn owned(path: &Path) -> Failure {
    let who = owner(path).map(|process| format!(" (process {process})")).unwrap_or_default();
    Failure::temporary(format!("that conversation is open in another yoi{who}; end that one first"))
}

/// Returns the process that has a file's conversations open.
pub(super) fn owner(path: &Path) -> Option<u32> {
    owner_process(path)
}

/// Copies the WAL into the file, so that one file has everything. That is for tidiness: if it fails,
/// the WAL stays.
pub(super) async fn checkpoint(store: &Arc<SqliteStore>) {
    let store = Arc::clone(store);
    let _ = spawn_blocking(move || store.checkpoint()).await;
}
