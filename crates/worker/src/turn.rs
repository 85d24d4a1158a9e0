//! One turn of a Worker.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{Message, TokenUsage, TurnEvent};

use crate::{HistoryTurn, TokenEstimate, Worker, WorkerEvent, history_turn::text_bytes};

/// A turn in flight: a stream of [`WorkerEvent`]s with exactly one terminal event, its last.
///
/// When that was given out, or when the turn is dropped, which cancels it, what had streamed is in
/// the conversation and the cost is in [`Worker::usage`]. A turn that does not fit into the model's
/// context is run a second time with half of the history, in a whole turn's time of its own.
#[derive(Debug)]
pub struct WorkerTurn<'a> {
    worker: &'a mut Worker,
    turn: HistoryTurn,
    answer: String,
    is_settled: bool,
}

impl<'a> WorkerTurn<'a> {
    pub(crate) fn new(worker: &'a mut Worker) -> Self {
        let profile = &worker.profile;
        let history = profile.history.select(&worker.conversation, worker.estimate).to_vec();
        let turn = profile.turn(profile.request(worker.instructions.clone(), history));
        Self { worker, turn, answer: String::new(), is_settled: false }
    }

    /// All text given out so far: the text deltas joined.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.answer
    }

    /// The tokens known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.turn.usage()
    }

    /// Keeps the text of `event`, and settles the turn if `event` is its end.
    fn hear(&mut self, event: &WorkerEvent) {
        match event {
            WorkerEvent::Turn(TurnEvent::TextDelta(text)) => self.answer.push_str(text),
            WorkerEvent::Turn(TurnEvent::Completed { usage, .. }) => {
                self.learn();
                self.settle(*usage);
            }
            WorkerEvent::Turn(TurnEvent::Cancelled { usage } | TurnEvent::Failed { usage, .. }) => {
                self.settle(*usage);
            }
            WorkerEvent::Turn(
                TurnEvent::Started | TurnEvent::ReasoningDelta(_) | TurnEvent::Retrying { .. },
            )
            | WorkerEvent::HistoryShortened { .. } => {}
        }
    }

    fn learn(&mut self) {
        let Some(tokens) = self.turn.last_try().input_tokens else { return };
        let request = self.turn.request();
        let instructions = request.instructions.as_deref().map_or(0, str::len);
        let bytes = text_bytes(&request.messages) + instructions;
        self.worker.estimate = TokenEstimate::observed(bytes as u64, tokens);
    }

    fn settle(&mut self, usage: TokenUsage) {
        self.is_settled = true;
        self.worker.usage.turns += 1;
        self.worker.usage.tokens += usage;
        // Some providers refuse a conversation with an empty message in it.
        if !self.answer.is_empty() {
            self.worker.conversation.push(Message::assistant(&*self.answer));
        }
    }
}

impl Stream for WorkerTurn<'_> {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        let this = self.get_mut();
        let event = ready!(Pin::new(&mut this.turn).poll_next(cx));
        if let Some(event) = &event {
            this.hear(event);
        }
        Poll::Ready(event)
    }
}

impl Drop for WorkerTurn<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle(self.usage());
        }
    }
}
