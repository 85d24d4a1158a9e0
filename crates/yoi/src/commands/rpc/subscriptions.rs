//! The subscriptions of a session. Each is a task that writes one item after the other.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;
use worker_runtime::{RuntimeError, StreamItem, Subscription};

use super::{error::invalid, response};

/// The open subscriptions of a session by id.
#[derive(Debug)]
pub(super) struct Subscriptions {
    output: mpsc::Sender<String>,
    tasks: Arc<Mutex<HashMap<String, JoinHandle<()>>>>,
}

/// Holds back the items of a subscription until the gate is dropped, which happens after the id has
/// been sent.
#[derive(Debug)]
pub(super) struct Gate {
    _opens_when_dropped: oneshot::Sender<()>,
}

impl Subscriptions {
    pub(super) fn new(output: mpsc::Sender<String>) -> Self {
        Self { output, tasks: Arc::default() }
    }

    /// Opens a subscription under a new id. The subscription writes nothing before the gate is
    /// dropped.
    pub(super) fn open(&self, stream: Subscription) -> (String, Gate) {
        let id = Uuid::new_v4().to_string();
        let (gate, opened) = oneshot::channel();
        let task = tokio::spawn({
            let (id, output, tasks) = (id.clone(), self.output.clone(), Arc::clone(&self.tasks));
            async move {
                // The gate never sends. This waits for its drop, which the receiver sees as an
                // error.
                let _ = opened.await;
                let last = write_items(&id, stream, &output).await;
                // The id is removed before the last item is sent, so that a client that reads the
                // item finds the subscription unknown.
                tasks.lock().remove(&id);
                if let Some(last) = last {
                    let _ = output.send(last).await;
                }
            }
        });
        self.tasks.lock().insert(id.clone(), task);
        (id, Gate { _opens_when_dropped: gate })
    }

    /// Closes a subscription. No item is written after this returns.
    pub(super) async fn close(&self, id: &str) -> Result<(), RuntimeError> {
        let problem = "must be one that `subscribe` gave and that has not ended";
        let task = self.tasks.lock().remove(id);
        let task = task.ok_or_else(|| invalid("subscription", problem))?;
        task.abort();
        // The result does not matter: the task was aborted, or it had just ended by itself.
        let _ = task.await;
        Ok(())
    }
}

/// Writes all items except the one that ends the stream, and returns the line of that item.
///
/// The next item is read from the Runtime only when the previous one has been put into the channel.
/// If the client is slow, items therefore wait in the Runtime's logs and not in the session.
async fn write_items(
    id: &str,
    mut stream: Subscription,
    output: &mpsc::Sender<String>,
) -> Option<String> {
    while let Some(item) = stream.next().await {
        let is_last = matches!(item, StreamItem::Ended { .. });
        let line = response::event(id, item);
        if is_last {
            return Some(line);
        }
        output.send(line).await.ok()?;
    }
    None
}
