//! The end of a server, in the right order.

use std::{future::pending, time::Duration};

use tokio::{select, time::sleep};
use worker_runtime::{Runtime, commands::StopRuntime, queries::GetRuntime};

/// The time after the deadline within which the Runtime has stopped, and streams deliver their ends.
const GRACE: Duration = Duration::from_secs(5);

/// Waits for SIGTERM or Ctrl-C, stops the Runtime and returns once its streams have ended, for
/// `with_graceful_shutdown` of `axum::serve`.
///
/// Turns that run may finish within `patience`, and are cancelled then; a second signal cancels them
/// at once. Workers are kept: they go on in the next Runtime on the same store, which finds the store
/// released. Until then requests are still answered: queries as ever, and commands with 503 and
/// `Retry-After`, so that a load balancer goes elsewhere.
pub async fn stop_at_signal(runtime: Runtime, patience: Duration) {
    signal().await;
    // Nothing in these commands can be refused.
    let _ = runtime.handle(StopRuntime::new().deadline(patience)).await;
    select! {
        _ = runtime.wait_stopped(patience + GRACE) => {}
        () = signal() => {
            let _ = runtime.handle(StopRuntime::new().deadline(Duration::ZERO)).await;
            let _ = runtime.wait_stopped(GRACE).await;
        }
    }
    // A stream ends by itself once it has delivered the last event; a client that reads nothing is not
    // waited for.
    select! {
        () = no_stream(&runtime) => {}
        () = sleep(GRACE) => {}
    }
}

async fn no_stream(runtime: &Runtime) {
    while runtime.handle(GetRuntime::new()).await.is_ok_and(|reply| reply.open.subscriptions > 0) {
        sleep(Duration::from_millis(20)).await;
    }
}

async fn signal() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    };
    select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
