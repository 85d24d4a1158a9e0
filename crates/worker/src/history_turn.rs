//! A turn over a history that the caller keeps, without tools.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{Message, TokenUsage};

use crate::{Worker, WorkerEvent, model_turn::ModelTurn};

/// A turn in flight: a stream of [`WorkerEvent`]s with exactly one terminal event, its last.
///
/// The turn passes text on and keeps none. If the history does not fit into the model's context,
/// the turn runs a second time with half of the history and the full turn deadline again. The model
/// is offered no tools.
///
/// Dropping the turn cancels it. When the terminal event is given out or the turn is dropped, the
/// Worker adds the cost to its [`usage`](Worker::usage). If the provider reported the tokens of the
/// prompt, and that count can be right, the Worker also updates its
/// [`token_estimate`](Worker::token_estimate).
#[derive(Debug)]
pub struct HistoryTurn<'a> {
    worker: &'a mut Worker,
    model: ModelTurn,
    is_settled: bool,
}

impl Worker {
    /// Has the model answer `history`, which the caller keeps, oldest message first. The Worker's
    /// own conversation is neither given to the model nor changed.
    ///
    /// The whole history is given to the model. The caller chooses it with
    /// [`history_selection`](Self::history_selection).
    pub fn turn_over(&mut self, history: Vec<Message>) -> HistoryTurn<'_> {
        HistoryTurn { model: ModelTurn::new(self, history), worker: self, is_settled: false }
    }
}

impl HistoryTurn<'_> {
    /// Returns the token counts known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.model.usage()
    }

    /// Records the cost of the turn and the length of its tokens in the Worker, once.
    fn settle(&mut self) {
        if !mem::replace(&mut self.is_settled, true) {
            self.worker.usage.add(self.model.usage());
            if let Some(learned) = self.model.learned() {
                self.worker.estimate = learned;
            }
        }
    }
}

impl Stream for HistoryTurn<'_> {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        let this = self.get_mut();
        let event = ready!(this.model.poll_event(cx));
        if event.as_ref().is_some_and(WorkerEvent::is_terminal) {
            this.settle();
        }
        Poll::Ready(event)
    }
}

impl Drop for HistoryTurn<'_> {
    fn drop(&mut self) {
        self.settle();
    }
}
