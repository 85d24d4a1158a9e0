//! A turn of a Worker that keeps its own conversation.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{Message, TokenUsage, TurnEvent};

use crate::{HistoryTurn, Worker, WorkerEvent};

/// A [`HistoryTurn`] over the Worker's own conversation, to which the answer is added.
///
/// The text that had streamed is added to the conversation when the terminal event is given out, or
/// when the turn is dropped, which cancels it. Everything else is as in a [`HistoryTurn`].
#[derive(Debug)]
pub struct WorkerTurn<'a> {
    turn: HistoryTurn<'a>,
    answer: String,
    is_kept: bool,
}

impl Worker {
    /// Adds `input` to the conversation and has the model answer it.
    ///
    /// The input stays in the conversation, however the turn ends.
    pub fn turn(&mut self, input: Message) -> WorkerTurn<'_> {
        self.conversation.push(input);
        self.resume()
    }

    /// Has the model answer the conversation as it stands. Its newest message is the input.
    pub fn resume(&mut self) -> WorkerTurn<'_> {
        let history = self.profile.history.select(&self.conversation, self.estimate).to_vec();
        WorkerTurn { turn: self.turn_over(history), answer: String::new(), is_kept: false }
    }
}

impl WorkerTurn<'_> {
    /// Returns the joined text deltas that were given out so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.answer
    }

    /// Returns the token counts known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.turn.usage()
    }

    /// Adds the answer to the conversation, once.
    fn keep_answer(&mut self) {
        let was_kept = mem::replace(&mut self.is_kept, true);
        // Some providers refuse a conversation with an empty message in it.
        if !was_kept && !self.answer.is_empty() {
            let message = Message::assistant(&*self.answer);
            self.turn.worker_mut().conversation.push(message);
        }
    }
}

impl Stream for WorkerTurn<'_> {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        let this = self.get_mut();
        let event = ready!(Pin::new(&mut this.turn).poll_next(cx));
        match &event {
            Some(WorkerEvent::Turn(TurnEvent::TextDelta(text))) => this.answer.push_str(text),
            Some(WorkerEvent::Turn(event)) if event.is_terminal() => this.keep_answer(),
            Some(WorkerEvent::Turn(_) | WorkerEvent::HistoryShortened { .. }) | None => {}
        }
        Poll::Ready(event)
    }
}

impl Drop for WorkerTurn<'_> {
    fn drop(&mut self) {
        self.keep_answer();
    }
}
