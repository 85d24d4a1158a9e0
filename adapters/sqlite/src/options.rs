//! The choices that a Backend has when it opens a store.

use std::{path::Path, time::Duration};

use crate::{SqliteError, SqliteStore};

/// When SQLite waits for the disk.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Synchronous {
    /// At each transaction, before the commit is acknowledged. What was acknowledged survives the
    /// end of the process, of the system and of the power.
    #[default]
    Full,
    /// At checkpoints only. What was acknowledged survives the end of the process. If the system
    /// crashes or the power fails, the newest commits may be gone, each as a whole and the newest
    /// ones first; the file stays sound. A file that was created a moment before may be gone with all
    /// of its commits, because its creation is not waited for either.
    Normal,
}

/// The choices for a store, with defaults that suit most Backends.
///
/// ```no_run
/// use yoi_sqlite::{Options, Synchronous};
///
/// let store = Options::default().synchronous(Synchronous::Normal).open("talks.sqlite")?;
/// # Ok::<(), yoi_sqlite::SqliteError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a store is opened with them"]
pub struct Options {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy: Duration,
    pub(crate) readers: usize,
    pub(crate) group: usize,
    pub(crate) group_bytes: usize,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) leaves_wal: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            busy: Duration::from_secs(5),
            readers: 2,
            group: 256,
            group_bytes: 4 << 20,
            max_bytes: None,
            leaves_wal: false,
        }
    }
}

impl Options {
    /// Says when SQLite waits for the disk; [`Synchronous::Full`] otherwise.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Says how long a change waits while another process is writing; 5 seconds otherwise. It should
    /// be less than the Runtime's `commit_ms`, so that a refusal, which is certain, comes before the
    /// Runtime gives up with an unknown outcome.
    pub fn busy_timeout(mut self, busy: Duration) -> Self {
        self.busy = busy;
        self
    }

    /// Sets the number of threads that read, at least 1; 2 otherwise. Each has a connection with a
    /// cache of its own.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Sets the most batches that share one transaction, at least 1; 256 otherwise. A transaction
    /// takes the batches that wait when it begins, and waits for no more.
    pub fn group(mut self, batches: usize) -> Self {
        self.group = batches.max(1);
        self
    }

    /// Sets the most bytes that the file may have. A commit that needs more is refused. Otherwise the
    /// disk is the limit.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Leaves the WAL beside the file when the store is dropped, so that nobody waits for the disk
    /// then. Otherwise the last connection copies the WAL into the file and removes it. See
    /// [`SqliteStore::checkpoint`] for doing that at another time.
    pub fn leave_wal(mut self) -> Self {
        self.leaves_wal = true;
        self
    }

    /// Opens the store in this file, and creates the file if it does not exist. A file of an earlier
    /// version is brought to the present one. This blocks the thread, usually for milliseconds.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, SqliteError> {
        SqliteStore::open_with(path.as_ref(), &self)
    }
}
