//! The stream items of a Worker together with its Runtime's diagnostics about it.

use futures_util::FutureExt;
use worker_runtime::{
    EventFilter, EventsFrom, Runtime, RuntimeError, Scope, StreamItem, Subscribe, Subscription,
    WorkerRef,
    event::{EventBody, EventType},
};

use crate::keeping::{Partial, Partials};

/// The stream items of a Worker together with its Runtime's diagnostics about it.
#[derive(Debug)]
pub(crate) struct TurnStream {
    worker: WorkerRef,
    items: Subscription,
    diagnostics: Subscription,
    /// An item that is returned after the diagnostics that came before it.
    held: Option<StreamItem>,
    /// The text so far, for the case that this process is killed.
    partial: Partial,
}

/// A stream item or a diagnostic.
#[derive(Debug)]
pub(super) enum TurnUpdate {
    Item(StreamItem),
    /// The message of a diagnostic.
    Diagnostic(String),
}

impl TurnStream {
    pub(crate) async fn open(
        runtime: &Runtime,
        worker: WorkerRef,
        from: EventsFrom,
        partials: &Partials,
    ) -> Result<Self, RuntimeError> {
        let diagnostics =
            EventFilter { types: Some(vec![EventType::Diagnostic]), ..EventFilter::default() };
        let diagnostics = Subscribe::new(Scope::runtime()).filter(diagnostics);
        let items = Subscribe::new(Scope::worker(worker)).starting_at(from);
        Ok(Self {
            worker,
            diagnostics: runtime.subscribe(diagnostics).await?,
            items: runtime.subscribe(items).await?,
            held: None,
            partial: partials.begin(),
        })
    }

    /// Returns the next update, or `None` at the end of the stream. This method is cancel safe.
    pub(super) async fn next(&mut self) -> Option<TurnUpdate> {
        while self.held.is_none() {
            tokio::select! {
                Some(item) = self.diagnostics.next() => {
                    if let Some(message) = self.about_worker(item) {
                        return Some(TurnUpdate::Diagnostic(message));
                    }
                }
                item = self.items.next() => {
                    let item = item?;
                    self.write_down(&item);
                    self.held = Some(item);
                }
            }
        }
        while let Some(Some(item)) = self.diagnostics.next().now_or_never() {
            if let Some(message) = self.about_worker(item) {
                return Some(TurnUpdate::Diagnostic(message));
            }
        }
        self.held.take().map(TurnUpdate::Item)
    }

    fn write_down(&mut self, item: &StreamItem) {
        match item {
            StreamItem::TextDelta { turn_id, offset, text } => {
                self.partial.add(*turn_id, *offset, text);
            }
            StreamItem::Event(it) if it.event.event_type().ends_turn() => self.partial.end(),
            _ => {}
        }
    }

    /// Returns the message of a diagnostic about this Worker, or `None` for any other item.
    fn about_worker(&self, item: StreamItem) -> Option<String> {
        let StreamItem::Event(shared) = item else { return None };
        let EventBody::Diagnostic { diagnostic } = &shared.event.body else { return None };
        (diagnostic.worker == Some(self.worker)).then(|| diagnostic.message.clone())
    }
}
