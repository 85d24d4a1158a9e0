//! The end of a server, in the right order.

use std::{
    future::{IntoFuture, pending},
    io,
    time::Duration,
};

use axum::Router;
use tokio::{net::TcpListener, select, sync::oneshot, time::sleep};
use worker_runtime::{Runtime, commands::StopRuntime, queries::GetRuntime};

/// The time after the deadline within which the Runtime has stopped, and streams deliver their ends.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or Ctrl-C, or until the Runtime stops by itself, as by a command or because
/// another Runtime owns its store. Returns once the Runtime has stopped and connections have ended;
/// those that have not ended 5 seconds later are cut off, so that no client keeps the server.
///
/// The Runtime stops as [`stop_at_signal`] says, which is for servers that do without this function.
///
/// # Errors
///
/// Those of `axum::serve`.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    runtime: Runtime,
    patience: Duration,
) -> io::Result<()> {
    let (tell, told) = oneshot::channel();
    let stop = async move {
        stop_at_signal(runtime, patience).await;
        // Nobody listens if the server has ended.
        let _ = tell.send(());
    };
    let late = async {
        if told.await.is_ok() {
            sleep(GRACE).await;
        } else {
            pending::<()>().await;
        }
    };
    select! {
        ended = axum::serve(listener, app).with_graceful_shutdown(stop).into_future() => ended,
        () = late => Ok(()),
    }
}

/// Waits for SIGTERM or Ctrl-C, stops the Runtime and returns once its streams have ended, for
/// `with_graceful_shutdown` of `axum::serve`. If the Runtime stops by itself, this returns too.
///
/// Turns that run may finish within `patience`, and are cancelled then; a second signal cancels them
/// at once. Workers are kept: they go on in the next Runtime on the same store, which finds the store
/// released. Until then requests are still answered: queries as ever, and commands with 503 and
/// `Retry-After`, so that a load balancer goes elsewhere.
pub async fn stop_at_signal(runtime: Runtime, patience: Duration) {
    select! {
        () = signal() => {}
        _ = runtime.wait_stopped(Duration::MAX) => {}
    }
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
    // waited for here.
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
