//! The subscriptions of a session, each a task that writes one item after the other.

use std::{collections::HashMap, sync::Arc};

use futures_util::StreamExt;
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;
use worker_runtime::{RuntimeError, StreamItem, Subscription};

use super::response;

/// The open subscriptions of a session by id.
#[derive(Debug)]
pub(super) struct Subscriptions {
    output: mpsc::Sender<String>,
    tasks: Arc<Mutex<HashMap<String, JoinHandle<()>>>>,
}

/// Holds a subscription's items back until this is dropped, which is when its id was sent.
#[derive(Debug)]
pub(super) struct Gate {
    _opens_when_dropped: oneshot::Sender<()>,
}

impl Subscriptions {
    pub(super) fn new(output: mpsc::Sender<String>) -> Self {
        Self { output, tasks: Arc::default() }
    }

    /// Opens a subscription under a new id. It writes nothing before the gate is dropped.
    pub(super) fn open(&self, stream: Subscription) -> (String, Gate) {
        let id = Uuid::new_v4().to_string();
        let (gate, opened) = oneshot::channel();
        let task = tokio::spawn({
            let (id, output, tasks) = (id.clone(), self.output.clone(), Arc::clone(&self.tasks));
            async move {
                // The gate sends nothing; this waits for its drop, which is an error here.
                let _ = opened.await;
                let last = write_items(&id, stream, &output).await;
                // The id is unknown before the client reads that the subscription has ended.
                tasks.lock().remove(&id);
                if let Some(last) = last {
                    let _ = output.send(last).await;
                }
            }
        });
        self.tasks.lock().insert(id.clone(), task);
        (id, Gate { _opens_when_dropped: gate })
    }

    /// Closes a subscription. When this returns, it writes no more items.
    pub(super) async fn close(&self, id: &str) -> Result<(), RuntimeError> {
        let task = self.tasks.lock().remove(id).ok_or_else(|| RuntimeError::InvalidRequest {
            field: "subscription".to_owned(),
            problem: "must be one that `subscribe` gave and that has not ended".to_owned(),
        })?;
        task.abort();
        // An aborted task ends with an error, or had just ended without one.
        let _ = task.await;
        Ok(())
    }
}

/// Writes all items but the one that ends the stream, whose line it returns.
///
/// The next item is asked for when the one before has its place in the output, so a slow client
/// leaves items in the Runtime's logs rather than in memory of the session.
async fn write_items(
    id: &str,
    mut stream: Subscription,
    output: &mpsc::Sender<String>,
) -> Option<String> {
    while let Some(item) = stream.next().await {
        let line = response::event(id, &item);
        if matches!(item, StreamItem::Ended { .. }) {
            return Some(line);
        }
        output.send(line).await.ok()?;
    }
    None
}
