//! Writes to stdout. If its reader has closed stdout, the command ends without an error message.

use std::io::{self, IsTerminal, Write};

use tokio::io::{AsyncWriteExt, BufWriter, Stdout};

use crate::{failure::Failure, sanitize::sanitize, terminal};

/// Writes all of `text` to stdout, and blocks until it is written.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::stdout(&error))
}

/// Writes all of `text` like [`print()`]. Control characters are made visible if stdout is a
/// terminal.
pub(crate) fn print_sanitized(text: &str) -> Result<(), Failure> {
    if io::stdout().is_terminal() { print(&sanitize(text)) } else { print(text) }
}

/// A buffered stdout for output that comes over time. Writing does not block the thread, unless a line
/// is being typed at the terminal, above which the output goes.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            stdout: BufWriter::new(tokio::io::stdout()),
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Returns whether stdout is a terminal that shows styles, and colours are not turned off.
    pub(crate) fn is_styled(&self) -> bool {
        self.is_terminal && terminal::takes_styles(&io::stdout())
    }

    /// Writes `text` into the buffer, or to the terminal. Control characters are made visible if stdout
    /// is a terminal, because the text may be a model's.
    pub(crate) async fn write(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_terminal {
            let text = sanitize(text);
            return terminal::print(&text, || print(&text));
        }
        let written = self.stdout.write_all(text.as_bytes()).await;
        written.map_err(|error| Failure::stdout(&error))
    }

    /// Writes the buffer to stdout.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().await.map_err(|error| Failure::stdout(&error))
    }
}
