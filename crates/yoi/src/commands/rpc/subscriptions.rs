//! The subscriptions of a session, each a task that writes one item after the other.

use std::{collections::HashMap, sync::Arc};

use futures_util::StreamExt;
use parking_lot::Mutex;
use tokio::{sync::oneshot, task::JoinHandle};
use uuid::Uuid;
use worker_runtime::{RuntimeError, StreamItem, Subscription};

use super::{response, writer::Outbox};

/// The subscriptions of a session.
#[derive(Debug)]
pub(super) struct Subscriptions {
    outbox: Outbox,
    open: Arc<Mutex<HashMap<String, JoinHandle<()>>>>,
}

/// Keeps a subscription from writing until this is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    _open: oneshot::Sender<()>,
}

impl Subscriptions {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { outbox, open: Arc::default() }
    }

    /// Names a subscription, and begins it when the gate is dropped.
    pub(super) fn open(&self, stream: Subscription) -> (String, Gate) {
        let id = Uuid::new_v4().to_string();
        let (gate, opened) = oneshot::channel();
        let outbox = self.outbox.clone();
        let open = Arc::clone(&self.open);
        let pumping = {
            let id = id.clone();
            async move {
                // What comes is the end of the gate, never a message.
                let _ = opened.await;
                let end = pump(&id, stream, &outbox).await;
                // Whoever reads that it has ended finds it unknown.
                open.lock().remove(&id);
                if let Some(end) = end {
                    outbox.send(end).await;
                }
            }
        };
        self.open.lock().insert(id.clone(), tokio::spawn(pumping));
        (id, Gate { _open: gate })
    }

    /// Ends a subscription: afterwards no more of its items are put into the outbox.
    pub(super) async fn close(&self, id: &str) -> Result<(), RuntimeError> {
        let pump = self.open.lock().remove(id).ok_or_else(|| RuntimeError::InvalidRequest {
            field: "subscription".to_owned(),
            problem: "must be one that `subscribe` gave and that has not ended".to_owned(),
        })?;
        pump.abort();
        // It is an error, because it was aborted.
        let _ = pump.await;
        Ok(())
    }
}

/// Writes items until the last, which it gives back. The next one is asked for only when there was
/// room for the one before.
async fn pump(id: &str, mut stream: Subscription, outbox: &Outbox) -> Option<String> {
    while let Some(item) = stream.next().await {
        let line = response::event(id, &item);
        if matches!(item, StreamItem::Ended { .. }) {
            return Some(line);
        }
        outbox.send(line).await;
        if outbox.is_closed() {
            break;
        }
    }
    None
}
