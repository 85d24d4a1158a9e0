//! The task that owns stdout and writes the lines that it receives from a channel.

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

use crate::{failure::Failure, output::Output};

/// The number of lines that may wait to be written. Past that, senders wait, so a client that does
/// not read delays its own requests and subscriptions and does not make memory grow.
const MAX_WAITING: usize = 32;

/// Starts the task. It ends when the last sender is dropped, or when stdout cannot be written. The
/// latter closes the channel, and lines that are sent afterwards are lost.
pub(super) fn start() -> (Sender<String>, JoinHandle<Result<(), Failure>>) {
    let (sender, lines) = mpsc::channel(MAX_WAITING);
    (sender, tokio::spawn(write(lines)))
}

async fn write(mut lines: Receiver<String>) -> Result<(), Failure> {
    let mut output = Output::new();
    let mut ready = Vec::new();
    // Lines that are ready together are flushed together, because each flush may wake the reader.
    while lines.recv_many(&mut ready, MAX_WAITING).await > 0 {
        for line in ready.drain(..) {
            output.write(&line).await?;
            output.write("\n").await?;
        }
        output.flush().await?;
    }
    Ok(())
}
