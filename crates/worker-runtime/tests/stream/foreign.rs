//! Foreign code hurts nobody else: callers, their wakers, clocks, and what is dropped.

mod blocked;
mod callers;
mod clocks;
mod drops;
mod gate;
mod wakers;

use std::time::Duration;

/// A time in which everything that is not held up happens, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

/// Waits for a future that must not hang.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("nothing holds it up")
}
