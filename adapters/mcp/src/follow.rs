//! The list of a server is read again when the server says that it changed.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use rmcp::service::Subscription;
use tokio::{sync::mpsc, time::sleep};

use crate::connection::Connection;

/// The least time between two readings of a list, however often the server says that it changed.
const PAUSE: Duration = Duration::from_millis(200);

/// Reads the list by `read` whenever the server says that it changed, until the connection ends.
pub(crate) fn follow<R: Future<Output = ()> + Send>(
    connection: Weak<Connection>,
    mut changed: mpsc::Receiver<()>,
    read: impl Fn(Arc<Connection>) -> R + Send + Sync + 'static,
) {
    tokio::spawn(async move {
        while changed.recv().await.is_some() {
            // Only while a list is read, the connection is kept.
            let Some(connection) = connection.upgrade() else { return };
            read(connection).await;
            sleep(PAUSE).await;
        }
    });
}

/// Passes on what a server of the newest protocol says on a stream of its own.
pub(crate) fn pass_on(mut subscription: Subscription, changed: mpsc::Sender<()>) {
    tokio::spawn(async move {
        while let Ok(Some(_)) = subscription.next().await {
            // If there is no room, somebody is about to read the list anyway.
            let _ = changed.try_send(());
        }
    });
}
