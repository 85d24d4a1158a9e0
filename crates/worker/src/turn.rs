//! One turn of a Worker.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{Engine, ErrorKind, Message, ModelRequest, TokenUsage, Turn, TurnEvent};

use crate::{HistoryBudget, TokenEstimate, Worker};

/// What happens in a Worker's turn. The last event is a terminal [`TurnEvent`].
#[derive(Clone, Debug, PartialEq)]
pub enum WorkerEvent {
    /// The engine's event.
    Turn(TurnEvent),
    /// The model's context was too small: the turn is run again with less of the conversation.
    HistoryShortened {
        /// How many messages of the first try are left out.
        dropped: usize,
        /// How many are given to the model.
        kept: usize,
    },
}

/// A turn in flight: a stream of [`WorkerEvent`]s with exactly one terminal event, its last.
///
/// When that was given out, or when the turn is dropped, which cancels it, what had streamed is in
/// the conversation and the cost is in [`Worker::usage`]. A turn that does not fit into the model's
/// context is run a second time with half of the history, in a whole turn's time of its own.
#[derive(Debug)]
pub struct WorkerTurn<'a> {
    worker: &'a mut Worker,
    turn: Turn,
    /// How many messages, from the end of the conversation, the model is given.
    given: usize,
    /// What the first try has cost, once the turn was started over with less.
    repeated: Option<Box<TokenUsage>>,
    has_output: bool,
    is_settled: bool,
}

impl<'a> WorkerTurn<'a> {
    pub(crate) fn new(worker: &'a mut Worker) -> Self {
        let given = worker.profile.history.select(&worker.conversation, worker.estimate).len();
        let turn = ask(worker, given);
        Self { worker, turn, given, repeated: None, has_output: false, is_settled: false }
    }

    /// All text given out so far: the text deltas joined.
    #[must_use]
    pub fn text(&self) -> &str {
        self.turn.text()
    }

    /// The tokens known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.with_first_try(self.turn.usage())
    }

    /// Polls like the stream, but text that is ready together comes as one delta: see
    /// [`Turn::poll_joined`].
    pub fn poll_joined(&mut self, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        self.poll_turn(Turn::poll_joined, cx)
    }

    fn poll_turn(
        &mut self,
        poll: impl Fn(&mut Turn, &mut Context<'_>) -> Poll<Option<TurnEvent>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<WorkerEvent>> {
        while let Some(event) = ready!(poll(&mut self.turn, cx)) {
            if let Some(event) = self.tell(event) {
                return Poll::Ready(Some(event));
            }
        }
        Poll::Ready(None)
    }

    /// What the caller sees of an event of the engine; `None` keeps it to ourselves.
    fn tell(&mut self, mut event: TurnEvent) -> Option<WorkerEvent> {
        match &mut event {
            TurnEvent::Started => {
                if self.repeated.is_some() {
                    return None;
                }
            }
            TurnEvent::TextDelta(_) | TurnEvent::ReasoningDelta(_) => self.has_output = true,
            TurnEvent::Retrying { .. } => {}
            TurnEvent::Completed { message, usage, .. } => {
                self.learn(usage.input_tokens);
                *usage = self.with_first_try(*usage);
                self.settle(Arc::clone(message), *usage);
            }
            TurnEvent::Cancelled { partial, usage } => {
                *usage = self.with_first_try(*usage);
                self.settle(Arc::clone(partial), *usage);
            }
            TurnEvent::Failed { error, partial, usage } => {
                if error.kind == ErrorKind::ContextLengthExceeded
                    && let Some(shortened) = self.repeat_with_less(*usage)
                {
                    return Some(shortened);
                }
                *usage = self.with_first_try(*usage);
                self.settle(Arc::clone(partial), *usage);
            }
        }
        Some(WorkerEvent::Turn(event))
    }

    /// Starts over with the newest messages that make up half of what was given, if that is less.
    fn repeat_with_less(&mut self, spent: TokenUsage) -> Option<WorkerEvent> {
        let given = self.given_messages();
        let half = HistoryBudget {
            max_bytes: text_bytes(given) / 2,
            max_messages: usize::MAX,
            max_tokens: None,
        };
        let kept = half.select(given, TokenEstimate::default()).len();
        let dropped = given.len() - kept;
        if self.has_output || self.repeated.is_some() || dropped == 0 {
            return None;
        }
        tracing::debug!(dropped, kept, "a turn is run again with less history");
        self.repeated = Some(Box::new(spent));
        self.given = kept;
        self.turn = ask(self.worker, kept);
        Some(WorkerEvent::HistoryShortened { dropped, kept })
    }

    fn learn(&mut self, input_tokens: Option<u64>) {
        let Some(tokens) = input_tokens else { return };
        let instructions = self.worker.instructions.as_deref().map_or(0, str::len);
        let bytes = text_bytes(self.given_messages()) + instructions;
        self.worker.estimate = TokenEstimate::observed(bytes as u64, tokens);
    }

    fn settle(&mut self, answer: Arc<str>, usage: TokenUsage) {
        self.is_settled = true;
        self.worker.usage.turns += 1;
        self.worker.usage.tokens += usage;
        // Some providers refuse a conversation with an empty message in it.
        if !answer.is_empty() {
            self.worker.conversation.push(Message::assistant(answer));
        }
    }

    fn given_messages(&self) -> &[Message] {
        newest(&self.worker.conversation, self.given)
    }

    fn with_first_try(&self, mut usage: TokenUsage) -> TokenUsage {
        usage += self.repeated.as_deref().copied().unwrap_or_default();
        usage
    }
}

impl Stream for WorkerTurn<'_> {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        self.get_mut().poll_turn(|turn, cx| Pin::new(turn).poll_next(cx), cx)
    }
}

impl Drop for WorkerTurn<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle(Arc::from(self.turn.text()), self.usage());
        }
    }
}

fn ask(worker: &Worker, given: usize) -> Turn {
    let profile = &worker.profile;
    Engine::new(Arc::clone(&profile.provider)).with_policy(profile.policy).turn(ModelRequest {
        model: profile.model.clone(),
        instructions: worker.instructions.clone(),
        messages: newest(&worker.conversation, given).to_vec(),
        sampling: profile.sampling.clone(),
    })
}

fn newest(conversation: &[Message], count: usize) -> &[Message] {
    &conversation[conversation.len() - count..]
}

fn text_bytes(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.text.len()).sum()
}
