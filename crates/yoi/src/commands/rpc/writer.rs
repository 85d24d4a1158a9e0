//! The thread that owns stdout and writes the lines that it receives from a channel.

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::{JoinHandle, spawn_blocking},
};

use crate::{failure::Failure, output::print_sanitized};

/// The number of lines that may wait to be written. When that many wait, senders wait too, so that
/// a client that does not read delays its own requests and subscriptions and does not make memory
/// grow.
const MAX_WAITING: usize = 32;

/// Starts the thread. The thread ends when the last sender is dropped, or when stdout cannot be
/// written. In the second case the channel is closed, and lines that are sent afterwards are lost.
pub(super) fn start() -> (Sender<String>, JoinHandle<Result<(), Failure>>) {
    let (sender, lines) = mpsc::channel(MAX_WAITING);
    (sender, spawn_blocking(move || write(lines)))
}

fn write(mut lines: Receiver<String>) -> Result<(), Failure> {
    let mut ready = Vec::new();
    // Lines that are ready together are written together, because each write may wake the reader.
    while lines.blocking_recv_many(&mut ready, MAX_WAITING) > 0 {
        print_sanitized(&(ready.join("\n") + "\n"))?;
        ready.clear();
    }
    Ok(())
}
