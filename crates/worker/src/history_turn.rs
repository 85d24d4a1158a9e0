//! A turn over a history, shortened if the model cannot take it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{ErrorKind, Message, ModelRequest, TokenUsage, Turn, TurnEvent};

use crate::{HistoryBudget, TokenEstimate};

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
/// One that does not fit into the model's context is run a second time with half of the history, in
/// a whole turn's time of its own. Dropping it cancels it.
#[derive(Debug)]
pub struct HistoryTurn {
    turn: Turn,
    /// What the first try has cost, once the turn was started over with less.
    repeated: Option<Box<TokenUsage>>,
    has_output: bool,
}

impl HistoryTurn {
    pub(crate) fn new(turn: Turn) -> Self {
        Self { turn, repeated: None, has_output: false }
    }

    /// The tokens known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.with_first_try(self.turn.usage())
    }

    /// What the model is asked.
    pub(crate) fn request(&self) -> &ModelRequest {
        self.turn.request()
    }

    /// The tokens of what it was asked last.
    pub(crate) fn last_try(&self) -> TokenUsage {
        self.turn.usage()
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
            TurnEvent::Completed { usage, .. } | TurnEvent::Cancelled { usage } => {
                *usage = self.with_first_try(*usage);
            }
            TurnEvent::Failed { error, usage } => {
                if error.kind == ErrorKind::ContextLengthExceeded
                    && let Some(shortened) = self.repeat_with_less(*usage)
                {
                    return Some(shortened);
                }
                *usage = self.with_first_try(*usage);
            }
        }
        Some(WorkerEvent::Turn(event))
    }

    /// Starts over with the newest messages that make up half of what was given, if that is less.
    fn repeat_with_less(&mut self, spent: TokenUsage) -> Option<WorkerEvent> {
        let request = self.turn.request();
        let given = &request.messages;
        let half = HistoryBudget {
            max_bytes: text_bytes(given) / 2,
            max_messages: usize::MAX,
            max_tokens: None,
        };
        let kept = half.select(given, TokenEstimate::default());
        let (kept, dropped) = (kept.len(), given.len() - kept.len());
        if self.has_output || self.repeated.is_some() || dropped == 0 {
            return None;
        }
        tracing::debug!(dropped, kept, "a turn is run again with less history");
        let request = ModelRequest { messages: given[dropped..].to_vec(), ..(**request).clone() };
        self.turn = self.turn.engine().turn(request);
        self.repeated = Some(Box::new(spent));
        Some(WorkerEvent::HistoryShortened { dropped, kept })
    }

    fn with_first_try(&self, mut usage: TokenUsage) -> TokenUsage {
        if let Some(repeated) = &self.repeated {
            usage += **repeated;
        }
        usage
    }
}

impl Stream for HistoryTurn {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        let this = self.get_mut();
        while let Some(event) = ready!(Pin::new(&mut this.turn).poll_next(cx)) {
            if let Some(event) = this.tell(event) {
                return Poll::Ready(Some(event));
            }
        }
        Poll::Ready(None)
    }
}

pub(crate) fn text_bytes(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.text.len()).sum()
}
