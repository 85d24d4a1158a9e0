//! The line editor at a terminal, with its history.

use std::{
    fmt,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use rustyline::{Behavior, Config, DefaultEditor, error::ReadlineError};

use super::line::Line;
use crate::{failure::Failure, report};

/// The largest number of lines in the history.
const HISTORY_LINES: usize = 1000;

/// A line editor.
pub(super) struct Editor {
    editor: DefaultEditor,
    history: Option<PathBuf>,
}

impl Editor {
    /// Opens an editor that keeps its history in the file `history`. If the file cannot be used, a
    /// note is printed and there is no history.
    pub(super) fn open(history: Option<PathBuf>) -> Result<Self, Failure> {
        let mut editor = DefaultEditor::with_config(config()?).map_err(failure)?;
        let history = history.filter(|path| match load(&mut editor, path) {
            Ok(()) => true,
            Err(error) => {
                report::note(&format!("no history: {} cannot be used: {error}", path.display()));
                false
            }
        });
        Ok(Self { editor, history })
    }

    /// Reads a line from the terminal.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Line, Failure> {
        match self.editor.readline(prompt) {
            Ok(line) => {
                self.remember();
                Ok(Line::Text(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(failure(error)),
        }
    }

    /// Appends the last line to the history file.
    fn remember(&mut self) {
        if let Some(path) = &self.history
            && let Err(error) = self.editor.append_history(path)
        {
            report::note(&format!("the history is no longer written: {error}"));
            self.history = None;
        }
    }
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Editor").field("history", &self.history).finish_non_exhaustive()
    }
}

fn config() -> Result<Config, Failure> {
    // If stdout is redirected, the editor draws on the terminal itself.
    let behavior = if io::stdout().is_terminal() { Behavior::Stdio } else { Behavior::PreferTerm };
    let config = Config::builder()
        .auto_add_history(true)
        .behavior(behavior)
        .history_ignore_space(true)
        .max_history_size(HISTORY_LINES)
        .map_err(failure)?;
    Ok(config.build())
}

/// Loads the history, and creates the folder of the file, readable only for the user.
fn load(editor: &mut DefaultEditor, path: &Path) -> Result<(), ReadlineError> {
    if let Some(folder) = path.parent() {
        private_folder().create(folder)?;
    }
    match editor.load_history(path) {
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

fn failure(error: ReadlineError) -> Failure {
    Failure::new(format!("lines cannot be edited: {error}"))
}
