//! The task that owns stdout and writes the lines that others send to it.

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

use crate::{failure::Failure, output::Output};

/// The number of lines that may wait to be written. Who sends more waits until there is room, so a
/// client that does not read holds up its own requests and subscriptions and costs no more memory.
const MAX_WAITING: usize = 32;

/// Starts the task, which ends when the last sender is dropped or stdout cannot be written.
///
/// A closed sender is the sign of the latter. What is sent then is lost.
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
