//! What a server says unasked.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use llm_engine::{ShortText, ToolContext};
use rmcp::{
    ClientHandler, RoleClient,
    model::{
        ClientConfig, ElicitRequestParams, ElicitResult, ElicitationCreateRequestMethod, ErrorData,
        ProgressNotificationParam, ProgressToken,
    },
    service::{NotificationContext, RequestContext},
};
use tokio::sync::mpsc;

use crate::offer;

/// Takes what a server says unasked.
pub(crate) struct Handler {
    watched: Mutex<HashMap<ProgressToken, Watched>>,
    /// Takes one word at most: the list is to be read again.
    changed: mpsc::Sender<()>,
}

/// A call that is told how far it is.
struct Watched {
    context: ToolContext,
    progress: f64,
}

impl Handler {
    pub(crate) fn new(changed: mpsc::Sender<()>) -> Self {
        Self { watched: Mutex::default(), changed }
    }

    /// Tells a call how far it is, until [`unwatch`](Self::unwatch).
    pub(crate) fn watch(&self, token: ProgressToken, context: ToolContext) {
        self.watched().insert(token, Watched { context, progress: f64::NEG_INFINITY });
    }

    pub(crate) fn unwatch(&self, token: &ProgressToken) {
        let unwatched = self.watched().remove(token);
        // The context may run foreign code when it is dropped, so the lock is free by now.
        drop(unwatched);
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<ProgressToken, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        offer::config()
    }

    async fn on_progress(
        &self,
        told: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let context = {
            let mut watched = self.watched();
            let Some(watched) = watched.get_mut(&told.progress_token) else { return };
            // Notifications may overtake each other on their way here.
            if told.progress <= watched.progress {
                return;
            }
            watched.progress = told.progress;
            watched.context.clone()
        };
        context.progress(&words(&told));
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        // If there is no room, somebody is about to read the list anyway.
        let _ = self.changed.try_send(());
    }

    /// Refuses. It was not offered, and an answer such as "declined" would be one that nobody gave.
    async fn create_elicitation(
        &self,
        _: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Err(ErrorData::method_not_found::<ElicitationCreateRequestMethod>())
    }
}

fn words(told: &ProgressNotificationParam) -> ShortText {
    let so_far = match told.total {
        Some(total) => format!("{} of {total}", told.progress),
        None => told.progress.to_string(),
    };
    match &told.message {
        Some(message) => ShortText::from(format!("{} ({so_far})", ShortText::cut(message, 400))),
        None => ShortText::from(so_far),
    }
}
