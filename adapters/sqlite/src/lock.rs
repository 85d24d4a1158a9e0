//! The lock of the operating system that an owner holds beside its lease.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process,
};

/// The lock on the file beside the database. The system gives it back when its process ends, however
/// it ends, so that the next process need not wait until the lease has run out.
///
/// The lock says only that an owner lives. What keeps an owner that was paused from writing is the
/// fencing token: a process that does not get the lock may still take over once the lease ran out.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    path: PathBuf,
    held: Option<File>,
}

impl OwnerLock {
    /// The lock of a database. `database` must be the one path that all names of the file lead to.
    pub(crate) fn new(database: &Path) -> Self {
        Self { path: path_of_lock(database), held: None }
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Takes the lock if nobody has it, and returns whether it is held now. Where there are no
    /// locks, it never is, and the lease alone decides.
    pub(crate) fn take(&mut self) -> bool {
        if self.held.is_none() {
            // The file stays when the lock is given back: who removes a file with a lock on it lets
            // a second owner lock another file of the same name.
            let file = File::options().create(true).truncate(false).write(true).open(&self.path);
            self.held = file.ok().filter(|file| file.try_lock().is_ok());
            if let Some(file) = &mut self.held {
                // The number is for people. If it cannot be written, the lock holds all the same.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", process::id()));
            }
        }
        self.is_held()
    }

    pub(crate) fn give_back(&mut self) {
        self.held = None;
    }
}

/// Returns the process that owns the store in this file, or `None` if no process does, or if the
/// system does not tell.
///
/// The answer is for messages to people: the owner may end, and another may begin, at any time.
#[must_use]
pub fn owner_process(file: impl AsRef<Path>) -> Option<u32> {
    let path = path_of_lock(&file.as_ref().canonicalize().ok()?);
    let lock = File::open(&path).ok()?;
    // Shared, so that two processes that look do not take each other for the owner.
    if lock.try_lock_shared().is_ok() {
        return None;
    }
    fs::read_to_string(&path).ok()?.parse().ok()
}

fn path_of_lock(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
