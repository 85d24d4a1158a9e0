//! A turn over a history that the caller keeps, shortened if the model cannot take all of it.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use llm_engine::{Engine, ErrorKind, Message, ModelRequest, TokenUsage, Turn, TurnEvent};

use crate::{HistoryBudget, TokenEstimate, Worker, WorkerEvent};

/// A turn in flight: a stream of [`WorkerEvent`]s with exactly one terminal event, its last.
///
/// The turn passes text on and keeps none. If the history does not fit into the model's context,
/// the turn runs a second time with half of the history and the full turn deadline again.
///
/// Dropping the turn cancels it. When the terminal event is given out or the turn is dropped, the
/// Worker adds the cost to its [`usage`](Worker::usage). If the provider reported the tokens of the
/// prompt, and that count can be right, the Worker also updates its
/// [`token_estimate`](Worker::token_estimate).
#[derive(Debug)]
pub struct HistoryTurn<'a> {
    worker: &'a mut Worker,
    turn: Turn,
    /// The token counts of the first try, once the turn runs again with less history.
    first_try: Option<TokenUsage>,
    has_output: bool,
    is_settled: bool,
}

impl Worker {
    /// Has the model answer `history`, which the caller keeps, oldest message first. The Worker's
    /// own conversation is neither given to the model nor changed.
    ///
    /// The whole history is given to the model. The caller chooses it with
    /// [`history_selection`](Self::history_selection).
    pub fn turn_over(&mut self, history: Vec<Message>) -> HistoryTurn<'_> {
        let profile = &self.profile;
        let mut request = ModelRequest::new(history).sampling(Arc::clone(&profile.sampling));
        request.model.clone_from(&profile.model);
        request.instructions.clone_from(&self.instructions);
        let engine =
            Engine::with_policy(Arc::clone(&profile.provider), Arc::clone(&profile.policy));
        HistoryTurn {
            turn: engine.into_turn(request),
            worker: self,
            first_try: None,
            has_output: false,
            is_settled: false,
        }
    }
}

impl HistoryTurn<'_> {
    /// Returns the token counts known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.with_first_try(self.turn.usage())
    }

    /// Returns the Worker that hosts the turn.
    pub(crate) fn worker_mut(&mut self) -> &mut Worker {
        self.worker
    }

    /// Returns the Worker's event for an event of the engine. The `Started` of the second try has
    /// none.
    fn tell(&mut self, mut event: TurnEvent) -> Option<WorkerEvent> {
        match &mut event {
            TurnEvent::Started => {
                if self.first_try.is_some() {
                    return None;
                }
            }
            TurnEvent::TextDelta(_) | TurnEvent::ReasoningDelta(_) => self.has_output = true,
            TurnEvent::Usage(usage) => *usage = self.with_first_try(*usage),
            TurnEvent::Failed { error, usage } => {
                if error.kind == ErrorKind::ContextLengthExceeded
                    && let Some(shortened) = self.repeat_with_less(*usage)
                {
                    return Some(shortened);
                }
                *usage = self.with_first_try(*usage);
                self.settle();
            }
            TurnEvent::Completed { usage, .. } | TurnEvent::Cancelled { usage } => {
                *usage = self.with_first_try(*usage);
                self.settle();
            }
            TurnEvent::Retrying { .. } | _ => {}
        }
        Some(WorkerEvent::Turn(event))
    }

    /// Restarts the turn with the newest messages that fit into half of the bytes of the history.
    /// Returns `None` if that drops no message, if there was output, or if this is the second try
    /// already.
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
        if self.has_output || self.first_try.is_some() || dropped == 0 {
            return None;
        }
        tracing::debug!(dropped, kept, "a turn is run again with less history");
        let request = ModelRequest::clone(request).messages(given[dropped..].to_vec());
        self.turn = self.turn.engine().turn(request);
        self.first_try = Some(spent);
        Some(WorkerEvent::HistoryShortened { dropped, kept })
    }

    fn with_first_try(&self, mut usage: TokenUsage) -> TokenUsage {
        if let Some(first_try) = self.first_try {
            usage += first_try;
        }
        usage
    }

    /// Records the cost of the turn and the length of its tokens in the Worker, once.
    fn settle(&mut self) {
        if mem::replace(&mut self.is_settled, true) {
            return;
        }
        let usage = self.usage();
        self.worker.usage.add(usage);
        if let Some(tokens) = self.turn.last_call_usage().input_tokens {
            let request = self.turn.request();
            let instructions = request.instructions.as_deref().map_or(0, str::len);
            let bytes = text_bytes(&request.messages) + instructions;
            if let Some(estimate) = TokenEstimate::believed(bytes as u64, tokens.get()) {
                self.worker.estimate = estimate;
            }
        }
    }
}

impl Stream for HistoryTurn<'_> {
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

impl Drop for HistoryTurn<'_> {
    fn drop(&mut self) {
        self.settle();
    }
}

fn text_bytes(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.text.len()).sum()
}
