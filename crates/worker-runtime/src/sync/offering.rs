//! Lets any thread run a task that was woken by a thread which may block after that.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task,
};

use super::task_waker::is_of_task;

/// Makes the wakers of one task that foreign code is given. Clones of the last one are given out as
/// long as the task has the same waker.
#[derive(Debug, Default)]
pub(crate) struct Offering(Option<(Waker, Waker)>);

impl Offering {
    /// Returns a waker that wakes a task as `waker` does, and lets any thread run it. Only tasks of
    /// tokio's need that.
    pub(super) fn waker<'a>(&'a mut self, handle: &Handle, waker: &'a Waker) -> &'a Waker {
        if !is_of_task(waker) {
            return waker;
        }
        let is_same = self.0.as_ref().is_some_and(|(last, _)| last.will_wake(waker));
        if !is_same {
            let offering = Offered { waker: waker.clone(), handle: handle.clone() };
            self.0 = Some((waker.clone(), Waker::from(Arc::new(offering))));
        }
        self.0.as_ref().map_or(waker, |(_, offering)| offering)
    }
}

struct Offered {
    waker: Waker,
    handle: Handle,
}

impl Wake for Offered {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.waker.wake_by_ref();
        offer(&self.handle);
    }
}

/// Lets any thread run the task that this thread has just spawned or woken.
///
/// A thread of tokio's keeps the newest such task for itself, and runs that one next. The task that
/// runs now is perhaps a caller's, and goes on to block the thread; then the kept task would wait
/// for it, though other threads have nothing to do. An empty task takes the place of the kept one,
/// which so gets into the queue from which all threads take. Tokio has no other way: only whoever
/// builds a tokio runtime can tell its threads to keep nothing.
pub(super) fn offer(handle: &Handle) {
    // Elsewhere no task is kept, or there is no other thread.
    if task::try_id().is_some() && handle.runtime_flavor() != RuntimeFlavor::CurrentThread {
        handle.spawn(async {});
    }
}
