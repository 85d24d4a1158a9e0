//! Lets other tasks run between the steps of a loop.

use std::{future::poll_fn, task::Poll};

use super::contained;

/// Gives way once: the task is woken at once and runs again after those that are ready.
///
/// A loop over answers that are always ready would otherwise hold its thread, and no time limit
/// around the loop could pass.
///
/// The waker is woken here and not by the relay, because it is the one of the caller who polls, and
/// costs nobody else anything. If it panics, the loop goes on without giving way.
pub(crate) fn fair() -> impl Future<Output = ()> {
    let mut gave_way = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        match contained(|| context.waker().wake_by_ref()) {
            Some(()) => Poll::Pending,
            None => Poll::Ready(()),
        }
    })
}
