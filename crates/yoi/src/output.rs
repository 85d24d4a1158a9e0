//! The way to stdout, quiet where nobody reads any more.

use std::io::{self, IsTerminal, Write};

use tokio::io::{AsyncWriteExt, BufWriter, Stdout};

use crate::{failure::Failure, sanitize::sanitize};

/// Writes all of `text` to stdout and waits for it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::stdout(&error))
}

/// The way to stdout for what comes over time. No turn waits for whoever reads it.
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

    /// Writes, but not necessarily at once. What a model says cannot control a terminal.
    pub(crate) async fn write(&mut self, text: &str) -> Result<(), Failure> {
        let text = if self.is_terminal { sanitize(text) } else { text.into() };
        let written = self.stdout.write_all(text.as_bytes()).await;
        written.map_err(|error| Failure::stdout(&error))
    }

    /// Brings everything written to its reader.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().await.map_err(|error| Failure::stdout(&error))
    }
}
