//! A server from its first connection to its end, in the right order.

use std::{io, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, select, sync::oneshot, time::sleep};
use worker_runtime::{Runtime, commands::StopRuntime, queries::GetRuntime};

/// The time after the deadline within which the Runtime has stopped, and streams deliver their ends.
const GRACE: Duration = Duration::from_secs(5);

/// Serves `app` until SIGTERM or Ctrl-C, or until the Runtime stops by itself, as by a command or
/// because another Runtime owns its store: whatever watches over the server then starts it anew.
///
/// Returns once the Runtime has stopped, as [`stop_at_signal`] has it, and every response is
/// complete. A client that takes nothing, or does not finish its request, is left after a few
/// seconds.
///
/// # Errors
///
/// Returns an error if signals cannot be received.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    runtime: Runtime,
    patience: Duration,
) -> io::Result<()> {
    // The pieces of an answer are small, and none may wait until the one before is acknowledged.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let stop = stop_at_signal(runtime, patience)?;
    let (tell, told) = oneshot::channel();
    let stop = async {
        stop.await;
        let _ = tell.send(());
    };
    let left = async {
        let _ = told.await;
        sleep(GRACE).await;
    };
    select! {
        served = axum::serve(listener, app).with_graceful_shutdown(stop).into_future() => served,
        () = left => Ok(()),
    }
}

/// Returns a future that waits for SIGTERM or Ctrl-C, or for the Runtime to stop by itself, stops
/// the Runtime and is ready once its streams have ended, for a server that is not [`serve`]. Signals
/// count from the call on.
///
/// Turns that run may finish within `patience`, and are cancelled then; a second signal cancels them
/// at once. Workers are kept: they go on in the next Runtime on the same store, which finds the store
/// released. Until then requests are still answered: queries as ever, and commands with 503 and
/// `Retry-After`, so that a load balancer goes elsewhere.
///
/// # Errors
///
/// Returns an error if signals cannot be received.
pub fn stop_at_signal(
    runtime: Runtime,
    patience: Duration,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = Signals::new()?;
    Ok(async move {
        select! {
            () = signals.next() => {}
            _ = runtime.wait_stopped(Duration::MAX) => {}
        }
        // Nothing in these commands can be refused.
        let _ = runtime.handle(StopRuntime::new().deadline(patience)).await;
        select! {
            _ = runtime.wait_stopped(patience + GRACE) => {}
            () = signals.next() => {
                let _ = runtime.handle(StopRuntime::new().deadline(Duration::ZERO)).await;
                let _ = runtime.wait_stopped(GRACE).await;
            }
        }
        // A stream ends by itself once it has delivered the last event; a client that reads nothing is
        // not waited for.
        select! {
            () = no_stream(&runtime) => {}
            () = sleep(GRACE) => {}
        }
    })
}

async fn no_stream(runtime: &Runtime) {
    while runtime.handle(GetRuntime::new()).await.is_ok_and(|reply| reply.open.subscriptions > 0) {
        sleep(Duration::from_millis(20)).await;
    }
}

/// The signals that ask for the end. Those that come while nobody waits are not lost.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// The signals that ask for the end. Those that come while nobody waits are not lost.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
