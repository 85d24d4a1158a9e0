//! A timer that is made when something first waits for it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A tokio timer that is made by the first wait and used again by every later one.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Waits for `deadline`. While the result is pending, the task is woken when the timer fires.
    ///
    /// A deadline later than the previous one does not reset a running timer: the timer fires at
    /// the earlier deadline, and the next poll resets it. The caller must therefore check the clock
    /// when the result is ready.
    pub(crate) fn poll_by(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

/// Returns `start + wait`. A wait of more than thirty years is one of thirty years, so that no
/// duration is too long to add.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(30 * 365 * 24);
    start + wait.min(FAR)
}
