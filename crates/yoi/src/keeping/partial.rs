//! The answer that is coming, in a file of its own until its turn has ended.
//!
//! A store gets an answer when its turn ends. Without this file, what had come would be lost with a
//! process that is killed.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use worker_runtime::TurnId;

/// The end of the names of such files, after that of the conversation's file and the turn's id.
const ENDING: &str = ".answer";

/// The file of the conversations of a process, once there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partials(Arc<OnceLock<PathBuf>>);

/// The text of one answer as far as it has come. The file is removed when this is dropped, because a
/// process that lives has told the store.
#[derive(Debug)]
pub(crate) struct Partial {
    partials: Partials,
    /// The file, and its length. `None` before the first text, and if the file cannot be written.
    file: Option<(PathBuf, File)>,
    written: usize,
}

impl Partials {
    /// Says in which file the conversations are.
    pub(super) fn are_in(&self, conversations: &Path) {
        let _ = self.0.set(conversations.to_owned());
    }

    /// Returns the place for the text of an answer.
    pub(crate) fn begin(&self) -> Partial {
        Partial { partials: self.clone(), file: None, written: 0 }
    }
}

impl Partial {
    /// Adds a piece of text, which begins at `offset` of the answer, in bytes. A failure is not told:
    /// the store gets the answer all the same.
    pub(crate) fn add(&mut self, turn_id: TurnId, offset: u64, piece: &str) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let Some(known) = self.written.checked_sub(offset) else { return };
        let Some(rest) = piece.get(known..) else { return };
        if self.written == 0 {
            self.file = self.create(turn_id);
        }
        if let Some((_, file)) = &mut self.file
            && file.write_all(rest.as_bytes()).is_ok()
        {
            self.written += rest.len();
        }
    }

    fn create(&self, turn_id: TurnId) -> Option<(PathBuf, File)> {
        let path = path(self.partials.0.get()?, turn_id);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).ok()?;
        Some((path, file))
    }

    /// Removes the file: the turn has ended.
    pub(crate) fn end(&mut self) {
        if let Some((path, _)) = self.file.take() {
            // A file that stays is not read, because its turn has ended.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads what had come of an answer. A character that was written in part is left out.
pub(super) fn read(conversations: &Path, turn_id: TurnId) -> Option<String> {
    let bytes = fs::read(path(conversations, turn_id)).ok()?;
    let whole = match str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
    };
    (!whole.is_empty()).then(|| whole.to_owned())
}

/// Removes what had come of an answer.
pub(super) fn remove(conversations: &Path, turn_id: TurnId) -> io::Result<()> {
    match fs::remove_file(path(conversations, turn_id)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn path(conversations: &Path, turn_id: TurnId) -> PathBuf {
    let mut path = OsString::from(conversations);
    path.push(format!(".{turn_id}{ENDING}"));
    path.into()
}
