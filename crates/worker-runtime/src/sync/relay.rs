//! Wakes many readers on behalf of a publisher, so that publishing costs the same for any number.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Poll, Waker},
};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::sync::Wakers;

/// Readers that a publisher wakes itself: fewer than this.
const HANDFUL: usize = 8;

/// A task that wakes readers. It begins with the first crowd and ends with the Runtime.
#[derive(Debug, Default)]
pub(crate) struct Relay(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pending: Vec<Wakers>,
    task: Task,
}

#[derive(Debug, Default)]
enum Task {
    #[default]
    NotYet,
    /// It has something to do, or is about to look.
    Busy,
    Idle(Waker),
    Ended,
}

impl Relay {
    /// Wakes readers: a handful at once, a crowd by the task.
    pub(crate) fn wake(self: &Arc<Self>, wakers: Wakers, handle: &Handle) {
        if wakers.len() < HANDFUL {
            return wakers.wake();
        }
        let mut state = self.0.lock();
        match std::mem::replace(&mut state.task, Task::Busy) {
            Task::NotYet => {
                state.pending.push(wakers);
                drop(state);
                handle.spawn(Arc::clone(self).run());
            }
            Task::Busy => state.pending.push(wakers),
            Task::Idle(waker) => {
                state.pending.push(wakers);
                drop(state);
                waker.wake();
            }
            Task::Ended => {
                state.task = Task::Ended;
                drop(state);
                wakers.wake();
            }
        }
    }

    /// Ends the task; readers are woken by their publishers from now on.
    pub(crate) fn end(&self) {
        let mut state = self.0.lock();
        let task = std::mem::replace(&mut state.task, Task::Ended);
        let pending = std::mem::take(&mut state.pending);
        drop(state);
        pending.into_iter().for_each(Wakers::wake);
        if let Task::Idle(waker) = task {
            waker.wake();
        }
    }

    async fn run(self: Arc<Self>) {
        while let Some(pending) = self.next().await {
            pending.into_iter().for_each(Wakers::wake);
        }
    }

    async fn next(&self) -> Option<Vec<Wakers>> {
        poll_fn(|context| {
            let mut state = self.0.lock();
            if matches!(state.task, Task::Ended) {
                return Poll::Ready(None);
            }
            if state.pending.is_empty() {
                state.task = Task::Idle(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Some(std::mem::take(&mut state.pending)))
        })
        .await
    }
}
