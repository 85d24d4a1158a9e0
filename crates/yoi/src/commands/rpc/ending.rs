//! Stops the Runtime at the end of a session.

use std::time::Duration;

use tokio::time::Instant;
use worker_runtime::{Runtime, commands::StopRuntime};

use crate::failure::Failure;

/// Stops the Runtime and waits for its end. Turns are cancelled at `deadline`.
pub(super) async fn stop(runtime: &Runtime, deadline: Instant) -> Result<(), Failure> {
    let left = deadline.saturating_duration_since(Instant::now());
    let stop = StopRuntime::default().deadline(left).reason("the session ended");
    runtime.handle(stop).await?;
    let stopped = runtime.wait_stopped(Duration::MAX).await;
    stopped.map_err(|error| Failure::new(format!("the Runtime did not stop: {error}")))
}
