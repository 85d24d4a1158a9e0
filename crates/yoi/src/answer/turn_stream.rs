//! What a Worker says, and what its Runtime notices about it meanwhile.

use futures_util::{FutureExt, StreamExt};
use worker_runtime::{
    EventFilter, EventsFrom, Runtime, RuntimeError, Scope, StreamItem, Subscribe, Subscription,
    WorkerRef,
    event::{EventBody, EventType},
};

/// What a Worker says, and what its Runtime notices about it meanwhile.
#[derive(Debug)]
pub(crate) struct TurnStream {
    worker: WorkerRef,
    items: Subscription,
    diagnostics: Subscription,
    /// An item that waits for what was noticed before it came.
    held: Option<StreamItem>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum News {
    Item(StreamItem),
    /// The message of a diagnostic.
    Noticed(String),
}

impl TurnStream {
    pub(crate) async fn open(
        runtime: &Runtime,
        worker: WorkerRef,
        from: EventsFrom,
    ) -> Result<Self, RuntimeError> {
        let diagnostics =
            EventFilter { types: Some(vec![EventType::Diagnostic]), ..EventFilter::default() };
        let diagnostics = Subscribe::to(Scope::runtime()).filter(diagnostics);
        let items = Subscribe::to(Scope::worker(worker)).from(from);
        Ok(Self {
            worker,
            diagnostics: runtime.subscribe(diagnostics).await?,
            items: runtime.subscribe(items).await?,
            held: None,
        })
    }

    /// What comes next; `None` at the end. A future that is dropped loses nothing.
    pub(super) async fn next(&mut self) -> Option<News> {
        while self.held.is_none() {
            tokio::select! {
                Some(item) = self.diagnostics.next() => {
                    if let Some(message) = self.about_worker(item) {
                        return Some(News::Noticed(message));
                    }
                }
                item = self.items.next() => self.held = Some(item?),
            }
        }
        while let Some(Some(item)) = self.diagnostics.next().now_or_never() {
            if let Some(message) = self.about_worker(item) {
                return Some(News::Noticed(message));
            }
        }
        self.held.take().map(News::Item)
    }

    fn about_worker(&self, item: StreamItem) -> Option<String> {
        let StreamItem::Event(it) = item else { return None };
        let EventBody::Diagnostic { diagnostic } = &it.event.body else { return None };
        (diagnostic.worker == Some(self.worker)).then(|| diagnostic.message.clone())
    }
}
