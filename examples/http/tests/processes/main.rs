//! The server as a process: how it starts, ends, is killed, and is taken over from.

#![cfg(unix)]

mod ends;
mod refused;
mod server;

#[path = "../../../../adapters/http/tests/it/support/events.rs"]
mod events;

use std::time::Duration;

use tokio::time::timeout;

/// Waits for something that must come, on a machine that is busy.
async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(2), wait).await.unwrap_or_else(|_| panic!("in time: {what}"))
}
