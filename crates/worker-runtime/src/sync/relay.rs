//! Wakes many readers on behalf of a publisher, so that publishing costs the same for any number.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Wakers;

/// Readers that a publisher wakes itself: fewer than this.
const HANDFUL: usize = 8;

/// Hands readers that are to be woken to a task of the Runtime, which runs [`run`](Self::run).
#[derive(Debug)]
pub(crate) struct Relay {
    /// What the task has not taken yet; `None` once the relay has ended.
    pending: Mutex<Option<Vec<Wakers>>>,
    changed: Notify,
}

impl Default for Relay {
    fn default() -> Self {
        Self { pending: Mutex::new(Some(Vec::new())), changed: Notify::new() }
    }
}

impl Relay {
    /// Wakes readers: a handful at once, a crowd by the task. Call it with no lock held.
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

    /// Ends the task. From now on publishers wake all readers themselves.
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
