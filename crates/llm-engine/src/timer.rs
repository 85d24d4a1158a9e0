//! A timer that costs nothing until something has to wait for it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// One lazily made tokio timer, used again for every wait.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once `deadline` has passed; until then the task will be woken.
    ///
    /// Moving the deadline back costs nothing: the timer fires early once and is set anew.
    pub(crate) fn poll_by(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            if sleep.deadline() > deadline || sleep.is_elapsed() {
                sleep.as_mut().reset(deadline);
            }
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() == deadline {
                return Poll::Ready(());
            }
        }
    }
}

/// `start + wait`, or a time that nobody lives to see.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(30 * 365 * 24);
    start.checked_add(wait).unwrap_or_else(|| start + FAR)
}
