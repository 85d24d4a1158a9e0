//! Lets other tasks run between the steps of a loop.

use std::{future::poll_fn, task::Poll};

/// Gives way once: the task is woken at once and runs again after those that are ready.
///
/// A loop over answers that are always ready would otherwise hold its thread, and no time limit
/// around the loop could pass.
pub(crate) fn fair() -> impl Future<Output = ()> {
    let mut gave_way = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
