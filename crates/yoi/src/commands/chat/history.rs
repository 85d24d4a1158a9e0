//! The lines that were typed before, in memory and in a file.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustyline::{
    Config,
    error::ReadlineError,
    history::{FileHistory, History as _, SearchDirection},
};

use crate::report;

/// The largest number of lines in the history.
const LINES: usize = 1000;

/// The lines that were typed before.
pub(super) struct History {
    lines: FileHistory,
    path: Option<PathBuf>,
    /// The line that is shown, by its number; that after the last one is the line that is being typed.
    at: usize,
    /// The text that was being typed before an earlier line was shown.
    typed: String,
}

impl History {
    /// Opens the history in the file `path`. If the file can not be used, a note is printed, and the
    /// history is in memory alone.
    pub(super) fn open(path: Option<PathBuf>) -> Self {
        let config = Config::builder().history_ignore_space(true).max_history_size(LINES);
        let config = config.map_or_else(|_| Config::default(), rustyline::config::Builder::build);
        let mut lines = FileHistory::with_config(&config);
        let path = path.filter(|path| match load(&mut lines, path) {
            Ok(()) => true,
            Err(error) => {
                report::note(&format!("no history: {} cannot be used: {error}", path.display()));
                false
            }
        });
        let at = lines.len();
        Self { lines, path, at, typed: String::new() }
    }

    /// Adds a line, and writes it to the file.
    pub(super) fn add(&mut self, line: &str) {
        self.keep_aside(line);
        if let Some(path) = &self.path
            && let Err(error) = self.lines.append(path)
        {
            report::note(&format!("the history is no longer written: {error}"));
            self.path = None;
        }
    }

    /// Adds a line that was discarded. It is written to the file with the next one that is added.
    pub(super) fn keep_aside(&mut self, line: &str) {
        // A line that is blank or begins with a space is not kept.
        let _ = self.lines.add(line);
        self.at = self.lines.len();
    }

    /// Returns the line before the one that is shown, if there is one. `typed` is the present text.
    pub(super) fn back(&mut self, typed: &str) -> Option<String> {
        let earlier = self.at.checked_sub(1)?;
        if self.at == self.lines.len() {
            typed.clone_into(&mut self.typed);
        }
        self.at = earlier;
        self.shown()
    }

    /// Returns the line after the one that is shown, or the text that was being typed.
    pub(super) fn forth(&mut self) -> Option<String> {
        if self.at >= self.lines.len() {
            return None;
        }
        self.at += 1;
        self.shown().or_else(|| Some(std::mem::take(&mut self.typed)))
    }

    /// Returns the newest line that contains a text.
    pub(super) fn search(&mut self, text: &str) -> Option<String> {
        self.at = self.lines.len();
        self.search_further(text)
    }

    /// Returns the newest line before the one that is shown that contains a text.
    pub(super) fn search_further(&mut self, text: &str) -> Option<String> {
        let before = self.at.checked_sub(1)?;
        let found = self.lines.search(text, before, SearchDirection::Reverse).ok()??;
        let (at, line) = (found.idx, found.entry.into_owned());
        self.at = at;
        Some(line)
    }

    fn shown(&self) -> Option<String> {
        let found = self.lines.get(self.at, SearchDirection::Reverse).ok()??;
        Some(found.entry.into_owned())
    }
}

/// Loads the history, and creates the folder of the file, readable only for the user.
fn load(lines: &mut FileHistory, path: &Path) -> Result<(), ReadlineError> {
    if let Some(folder) = path.parent() {
        private_folder().create(folder)?;
    }
    match lines.load(path) {
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn private_folder() -> std::fs::DirBuilder {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
}
