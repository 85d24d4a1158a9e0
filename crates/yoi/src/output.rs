//! The way to stdout: buffered, never blocking a turn, and quiet where nobody reads any more.

use tokio::io::{AsyncWriteExt, BufWriter, Stdout};

use crate::failure::Failure;

/// The way to stdout.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { stdout: BufWriter::new(tokio::io::stdout()) }
    }

    /// Writes, but not necessarily at once.
    pub(crate) async fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.stdout.write_all(text.as_bytes()).await;
        written.map_err(|error| Failure::stdout(&error))
    }

    /// Brings everything written to its reader.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().await.map_err(|error| Failure::stdout(&error))
    }
}
