//! Lines that people type at a terminal, with what they typed before.

use std::{
    fmt,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use rustyline::{Behavior, Config, DefaultEditor, error::ReadlineError};

use super::line::Line;
use crate::{failure::Failure, report};

/// How many lines are remembered.
const HISTORY_LINES: usize = 1000;

/// An editor of lines.
pub(super) struct Editor {
    editor: DefaultEditor,
    history: Option<PathBuf>,
}

impl Editor {
    /// An editor that remembers lines in the file `history`.
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

    /// Lets somebody type a line.
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

    /// Writes the last line down, so that it is there for other conversations too.
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
    // With stdout somewhere else, what is typed is still seen where it is typed.
    let behavior = if io::stdout().is_terminal() { Behavior::Stdio } else { Behavior::PreferTerm };
    let config = Config::builder()
        .auto_add_history(true)
        .behavior(behavior)
        .history_ignore_space(true)
        .max_history_size(HISTORY_LINES)
        .map_err(failure)?;
    Ok(config.build())
}

/// Reads what was typed before, and makes the file's folder, for nobody else to see.
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
