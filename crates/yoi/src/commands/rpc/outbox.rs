//! The way out: lines from everywhere, written one after another.

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

use crate::{exit::Exit, failure::Failure, output::Output};

/// How many lines may wait to be written. Whoever has more waits, and holds one line.
const LINES: usize = 32;

/// Where lines are put to be written. The way is open until the last clone is dropped.
#[derive(Clone, Debug)]
pub(super) struct Outbox(Sender<String>);

/// Writes what is put into the [`Outbox`].
#[derive(Debug)]
pub(super) struct Writer(JoinHandle<Result<(), Failure>>);

pub(super) fn open() -> (Outbox, Writer) {
    let (sender, receiver) = mpsc::channel(LINES);
    (Outbox(sender), Writer(tokio::spawn(write(receiver))))
}

impl Outbox {
    /// Puts a line last, once there is room. It is lost if stdout was closed.
    pub(super) async fn send(&self, line: String) {
        // Whoever must know asks `is_closed`.
        let _ = self.0.send(line).await;
    }

    /// Whether nobody reads stdout any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until nobody reads stdout any more. It shows when something is written.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }
}

impl Writer {
    /// Waits until everything is written.
    pub(super) async fn finish(self) -> Result<Exit, Failure> {
        match self.0.await {
            Ok(written) => written.map(|()| Exit::Completed),
            Err(error) => Err(Failure::new(format!("the writer failed: {error}"))),
        }
    }
}

async fn write(mut lines: Receiver<String>) -> Result<(), Failure> {
    let mut output = Output::new();
    while let Some(line) = lines.recv().await {
        output.write(&line).await?;
        output.write("\n").await?;
        if lines.is_empty() {
            output.flush().await?;
        }
    }
    Ok(())
}
