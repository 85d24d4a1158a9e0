//! Wakes tasks on threads of its own, because a waker is foreign code, which may panic or block.

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration, vec};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::{Foreign, Wakers, contained};

/// Wakes tasks in the order of the calls of [`wake`](Self::wake).
///
/// A *runner* on a thread for blocking work wakes one task after the other. A waker that blocks
/// keeps its runner; the [watch](Self::watch) notices, and another runner wakes the rest. So no
/// publisher, no task and no other reader waits for a waker.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<vec::IntoIter<Option<Foreign<Waker>>>>,
    /// Whether a runner moves on, as far as the watch has seen.
    is_running: bool,
    /// Whether a runner waits for a thread, perhaps because the Backend uses them all.
    waits_for_thread: bool,
    is_watched: bool,
    /// The number of wakers that were taken.
    taken: u64,
}

/// The time after which a waker counts as blocked: at least once, at most twice this long.
const PATIENCE: Duration = Duration::from_millis(10);

impl Relay {
    /// Wakes tasks soon. The caller holds no lock.
    pub(super) fn wake(self: &Arc<Self>, handle: &Handle, wakers: Wakers) {
        if wakers.is_empty() {
            return;
        }
        let mut queue = self.queue.lock();
        queue.waiting.push_back(wakers.into_iter());
        let runner = queue.next_runner(self);
        let is_watched = std::mem::replace(&mut queue.is_watched, true);
        drop(queue);
        if let Some(runner) = runner {
            runner.start(handle);
        }
        if !is_watched {
            handle.spawn(Arc::clone(self).watch(handle.clone()));
        }
    }

    /// Looks after the runner as long as there is one. If it does not move on, gives it up, and
    /// starts another one if wakers are left.
    async fn watch(self: Arc<Self>, handle: Handle) {
        let mut seen = None;
        loop {
            tokio::time::sleep(PATIENCE).await;
            let mut queue = self.queue.lock();
            if seen == Some(queue.taken) {
                queue.is_running = false;
            }
            seen = Some(queue.taken);
            let runner = if queue.waiting.is_empty() { None } else { queue.next_runner(&self) };
            if !queue.is_running {
                queue.is_watched = false;
                return;
            }
            drop(queue);
            if let Some(runner) = runner {
                runner.start(&handle);
            }
        }
    }

    /// Takes the next waker. Without one, the runner ends.
    fn take(&self) -> Option<Foreign<Waker>> {
        let mut queue = self.queue.lock();
        while let Some(wakers) = queue.waiting.front_mut() {
            if let Some(waker) = wakers.find_map(|waker| waker) {
                queue.taken += 1;
                return Some(waker);
            }
            queue.waiting.pop_front();
        }
        queue.is_running = false;
        None
    }
}

impl Queue {
    /// Returns a new runner, unless one runs.
    fn next_runner(&mut self, relay: &Arc<Relay>) -> Option<Runner> {
        let is_running = std::mem::replace(&mut self.is_running, true);
        if is_running {
            return None;
        }
        let has_thread = !std::mem::replace(&mut self.waits_for_thread, true);
        Some(Runner { relay: Arc::clone(relay), has_thread })
    }
}

/// Wakes tasks until none is left. The work is done in `drop`, so that it is done by whoever has
/// the runner last: a thread of tokio's, or this one if tokio has none to give.
struct Runner {
    relay: Arc<Relay>,
    /// Whether the runner gets a thread. If not, because another one waits for a thread already, it
    /// runs in a task.
    has_thread: bool,
}

impl Runner {
    fn start(self, handle: &Handle) {
        if self.has_thread {
            // Tokio panics if the system gives it no thread.
            let _ = contained(|| handle.spawn_blocking(move || drop(self)));
        } else {
            handle.spawn(async move { drop(self) });
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if self.has_thread {
            self.relay.queue.lock().waits_for_thread = false;
        }
        while let Some(waker) = self.relay.take() {
            waker.wake();
        }
    }
}
