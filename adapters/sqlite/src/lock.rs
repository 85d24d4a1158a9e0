//! The lock of the operating system that an owner holds beside its lease.

use std::{
    fs::File,
    path::{Path, PathBuf},
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
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        Self { path: path.into(), held: None }
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
        }
        self.is_held()
    }

    pub(crate) fn give_back(&mut self) {
        self.held = None;
    }
}
