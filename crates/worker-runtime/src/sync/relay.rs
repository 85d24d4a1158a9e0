//! Wakes many readers on behalf of a publisher, so that publishing costs the same for any number.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Wakers;

/// The number of readers from which on the task wakes them. A publisher wakes fewer readers itself.
const HANDFUL: usize = 8;

/// Passes the wakers of many readers to a task of the Runtime, which runs [`run`](Self::run).
#[derive(Debug)]
pub(crate) struct Relay {
    /// The wakers that the task has not taken yet; `None` once the relay has ended.
    pending: Mutex<Option<Vec<Wakers>>>,
    changed: Notify,
}

impl Default for Relay {
    fn default() -> Self {
        Self { pending: Mutex::new(Some(Vec::new())), changed: Notify::new() }
    }
}

impl Relay {
    /// Wakes a few readers at once, and leaves many readers to the task. The caller holds no lock.
    pub(crate) fn wake(&self, wakers: Wakers) {
        if wakers.len() >= HANDFUL
            && let Some(pending) = self.pending.lock().as_mut()
        {
            pending.push(wakers);
        } else {
            return wakers.wake();
        }
        self.changed.notify_one();
    }

    /// Ends the task, after waking the readers that were left to it. From then on publishers wake
    /// all readers themselves.
    pub(crate) fn end(&self) {
        let pending = self.pending.lock().take();
        pending.into_iter().flatten().for_each(Wakers::wake);
        self.changed.notify_one();
    }

    /// Wakes readers until the relay ends.
    pub(crate) async fn run(&self) {
        while let Some(pending) = self.take() {
            let was_empty = pending.is_empty();
            pending.into_iter().for_each(Wakers::wake);
            if was_empty {
                self.changed.notified().await;
            }
        }
    }

    fn take(&self) -> Option<Vec<Wakers>> {
        self.pending.lock().as_mut().map(std::mem::take)
    }
}
