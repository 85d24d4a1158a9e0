//! One value from a task to the caller that waits for it.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use super::{Executor, Foreign};

/// Makes the two ends of a reply. The caller is woken through `executor`.
pub(crate) fn reply<T>(executor: &Executor) -> (Tell<T>, Told<T>) {
    let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
    (Tell { slot: Arc::clone(&slot), executor: executor.clone() }, Told { slot })
}

#[derive(Debug)]
enum Slot<T> {
    Waiting(Option<Foreign<Waker>>),
    Told(T),
    /// The value was taken, or will never come.
    Closed,
}

/// The end that gives the value. If it is dropped, the caller is told that no value comes.
#[derive(Debug)]
pub(crate) struct Tell<T> {
    slot: Arc<Mutex<Slot<T>>>,
    executor: Executor,
}

/// The end that waits for the value.
#[derive(Debug)]
#[must_use = "a caller waits for the value"]
pub(crate) struct Told<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Tell<T> {
    pub(crate) fn send(self, value: T) {
        self.set(Slot::Told(value));
    }

    fn set(&self, now: Slot<T>) {
        let mut slot = self.slot.lock();
        if !matches!(*slot, Slot::Waiting(_)) {
            return;
        }
        let before = mem::replace(&mut *slot, now);
        drop(slot);
        if let Slot::Waiting(waker) = before {
            self.executor.wake_tasks(waker);
        }
    }
}

impl<T> Drop for Tell<T> {
    fn drop(&mut self) {
        self.set(Slot::Closed);
    }
}

impl<T> Future for Told<T> {
    /// `None` if no value comes.
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        // The waker is cloned before the lock is taken, and the one that it replaces is dropped
        // after that.
        let waker = Foreign::new(context.waker().clone());
        let mut slot = self.slot.lock();
        let now =
            if let Slot::Waiting(_) = *slot { Slot::Waiting(Some(waker)) } else { Slot::Closed };
        let before = mem::replace(&mut *slot, now);
        drop(slot);
        match before {
            Slot::Waiting(_) => Poll::Pending,
            Slot::Told(value) => Poll::Ready(Some(value)),
            Slot::Closed => Poll::Ready(None),
        }
    }
}
