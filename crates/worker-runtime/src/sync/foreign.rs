//! Values of foreign code whose `Drop` is contained.

use std::{ops::Deref, task::Waker};

use super::contained;

/// A value of the Backend's, such as a store or a waker. A panic of its `Drop` is contained.
#[derive(Debug)]
pub(crate) struct Foreign<T>(Option<T>);

impl<T> Foreign<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl Foreign<Waker> {
    /// Wakes the task. A waker may panic, which is contained, or block this thread, so only the
    /// [`Relay`](super::relay::Relay) calls this for one that is not of a task of tokio's.
    pub(super) fn wake(mut self) {
        let waker = self.0.take();
        let _ = contained(|| waker.into_iter().for_each(Waker::wake));
    }
}

impl<T> Deref for Foreign<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let Some(value) = &self.0 else { unreachable!("only `wake` and `drop` take the value") };
        value
    }
}

impl<T> Drop for Foreign<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let _ = contained(|| drop(value));
    }
}
