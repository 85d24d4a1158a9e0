//! A model call with its retries, made again with less history if the model cannot take all of it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use llm_engine::{
    Engine, ErrorKind, Message, ModelRequest, Policy, TokenUsage, ToolChoice, ToolSpec, Turn,
    TurnEvent,
};

use crate::{HistoryBudget, TokenEstimate, Worker, WorkerEvent};

/// A model call: a stream of events with exactly one terminal event of the engine, its last.
#[derive(Debug)]
pub(crate) struct ModelTurn {
    turn: Turn,
    /// The token counts of the first try, once the turn runs again with less history.
    first_try: Option<TokenUsage>,
    has_output: bool,
}

impl ModelTurn {
    /// Creates a call of the Worker's model without tools.
    pub(crate) fn new(worker: &Worker, history: Vec<Message>) -> Self {
        Self::with_policy(worker, request(worker, history), Arc::clone(&worker.profile.policy))
    }

    /// Creates a call of the Worker's model with its tools. It must be over within `time`.
    pub(crate) fn with_tools(
        worker: &Worker,
        history: Vec<Message>,
        tool_choice: ToolChoice,
        time: Duration,
    ) -> Self {
        let mut request = request(worker, history).tool_choice(tool_choice);
        request.tools = Arc::clone(worker.tooling.tools.specs());
        let policy = Policy::clone(&worker.profile.policy);
        let deadlines = policy.deadlines.turn(time.min(policy.deadlines.turn));
        Self::with_policy(worker, request, policy.deadlines(deadlines).into())
    }

    fn with_policy(worker: &Worker, request: ModelRequest, policy: Arc<Policy>) -> Self {
        let engine = Engine::with_policy(Arc::clone(&worker.profile.provider), policy);
        Self { turn: engine.into_turn(request), first_try: None, has_output: false }
    }

    /// Returns the token counts known so far, of all calls.
    pub(crate) fn usage(&self) -> TokenUsage {
        self.with_first_try(self.turn.usage())
    }

    /// Returns the length of a token, if the provider reported the tokens of the prompt and that
    /// count can be right.
    pub(crate) fn learned(&self) -> Option<TokenEstimate> {
        let tokens = self.turn.last_call_usage().input_tokens?;
        let request = self.turn.request();
        let instructions = request.instructions.as_deref().map_or(0, str::len);
        let tools: usize = request.tools.iter().map(spec_bytes).sum();
        let bytes = bytes_of(&request.messages) + instructions + tools;
        TokenEstimate::believed(bytes as u64, tokens.get())
    }

    /// Polls for the next event.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        while let Some(event) = ready!(Pin::new(&mut self.turn).poll_next(cx)) {
            if let Some(event) = self.tell(event) {
                return Poll::Ready(Some(event));
            }
        }
        Poll::Ready(None)
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
            TurnEvent::TextDelta(_)
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::CallBegan { .. }
            | TurnEvent::CallArguments { .. }
            | TurnEvent::CallComplete { .. }
            | TurnEvent::Opaque(_) => self.has_output = true,
            TurnEvent::Usage(usage) => *usage = self.with_first_try(*usage),
            TurnEvent::Failed { error, usage } => {
                if error.kind == ErrorKind::ContextLengthExceeded
                    && let Some(shortened) = self.repeat_with_less(*usage)
                {
                    return Some(shortened);
                }
                *usage = self.with_first_try(*usage);
            }
            TurnEvent::Completed { usage, .. } | TurnEvent::Cancelled { usage } => {
                *usage = self.with_first_try(*usage);
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
            max_bytes: bytes_of(given) / 2,
            max_messages: usize::MAX,
            max_tokens: None,
        };
        let messages = half.select(given, TokenEstimate::default());
        let (kept, dropped) = (messages.len(), given.len() - messages.len());
        if self.has_output || self.first_try.is_some() || dropped == 0 {
            return None;
        }
        tracing::debug!(dropped, kept, "a turn is run again with less history");
        let request = ModelRequest::clone(request).messages(messages);
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
}

fn request(worker: &Worker, history: Vec<Message>) -> ModelRequest {
    let profile = &worker.profile;
    let mut request = ModelRequest::new(history).sampling(Arc::clone(&profile.sampling));
    request.model.clone_from(&profile.model);
    request.instructions.clone_from(&worker.instructions);
    request
}

fn bytes_of(messages: &[Message]) -> usize {
    messages.iter().map(Message::bytes).sum()
}

fn spec_bytes(spec: &ToolSpec) -> usize {
    spec.name.len() + spec.description.len() + spec.input_schema.as_str().len()
}
