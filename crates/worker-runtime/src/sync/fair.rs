//! Lets other tasks run between the steps of a loop.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use super::contained;

/// Gives way once: the task is woken at once and runs again after those that are ready.
///
/// A loop over answers that are always ready would otherwise hold its thread, and no time limit
/// around the loop could pass, nor could a tokio runtime shut down.
///
/// The waker is woken here and not by the relay, because it is the one of the caller who polls, and
/// costs nobody else anything. If it panics, the loop goes on without giving way.
pub(crate) fn fair() -> Fair {
    Fair::default()
}

/// The future of [`fair`].
#[derive(Debug, Default)]
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct Fair {
    gave_way: bool,
}

impl Future for Fair {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.gave_way, true) {
            return Poll::Ready(());
        }
        match contained(|| context.waker().wake_by_ref()) {
            Some(()) => Poll::Pending,
            None => Poll::Ready(()),
        }
    }
}
