//! A timer that costs nothing until something has to wait for it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// One lazily made tokio timer, used again for every wait.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once `deadline` has passed; until then the task will be woken.
    ///
    /// Moving the deadline back costs nothing: the timer fires at the old one and is set anew by
    /// the next poll. Whoever moves it therefore looks at the clock when this is ready.
    pub(crate) fn poll_by(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

/// `start + wait`, or a time that nobody lives to see.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(30 * 365 * 24);
    start.checked_add(wait).unwrap_or_else(|| start + FAR)
}
