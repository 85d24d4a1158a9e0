//! The rest of the work for a turn that is over.

use std::task::Waker;

use super::Deadline;
use crate::{log::Tail, sync::Wakers};

/// The rest of the work for a turn that is over, to be done with no lock held.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    /// The readers that wait for text.
    pub(crate) wakers: Wakers,
    /// Whether the engine may still give text.
    pub(super) is_heard: bool,
    pub(super) driver: Option<Waker>,
    pub(super) deadline: Option<Box<Deadline>>,
    /// The answer, which is in the transcript now. Whoever still holds the turn does not keep it.
    pub(super) _answer: String,
    /// The end of the reasoning, for readers who have not read it yet.
    pub(crate) reasoning: Option<Box<Tail>>,
}

impl Closed {
    /// Whether the engine may still give text.
    pub(crate) fn is_driven(&self) -> bool {
        self.is_heard
    }

    /// Wakes the task that drives the turn, so that it drops the engine, and aborts the task that
    /// waits for the deadline of the turn. The caller [offers](crate::sync::Executor::offer) the
    /// task to other threads.
    pub(crate) fn leave(self) {
        if let Some(driver) = self.driver.filter(|_| self.is_heard) {
            driver.wake();
        }
        if let Some(deadline) = self.deadline {
            deadline.task.abort();
        }
    }
}
