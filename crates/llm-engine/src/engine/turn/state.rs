//! The state of a turn, and the step that comes next.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use crate::{
    EngineError, ModelRequest, ProviderEvent, TokenUsage, TurnEnd, TurnEvent,
    engine::{
        Engine, TurnRequest, call::Call, cancellation::Cancellation, output::Output, watch::Watch,
    },
    timer::after,
};

/// The state of a turn, except its timer.
pub(super) struct State {
    engine: Engine,
    request: Arc<ModelRequest>,
    cancellation: Cancellation,
    phase: Phase,
    output: Output,
    watch: Watch,
    /// The token counts of the present or last call, as far as its provider reported them. `None`
    /// between two calls.
    usage: Option<TokenUsage>,
    /// The token counts of all earlier calls of the turn. `None` until the first one is over.
    spent: Option<TokenUsage>,
    retries: u32,
    /// The end of the present call, if it was decided and must still be carried out.
    due: Option<Due>,
}

/// The decided end of a call. It is carried out in the step after the last event of the call was
/// given out, because that drops the provider's stream, which may block.
enum Due {
    End(TurnEnd),
    CallFailed(EngineError),
}

enum Phase {
    New,
    /// The first call begins with the next step.
    Ready,
    /// The next call begins at this time.
    Pausing(Instant),
    Calling(Call),
    /// The turn has ended. The value is `None` once the terminal event was given out.
    Over(Option<TurnEnd>),
}

/// The outcome of a step.
pub(super) enum Step {
    /// The next event of the stream.
    Give(TurnEvent),
    /// No event. The next step can be taken at once.
    Again,
    /// No event, and none before this time unless the task is woken earlier.
    WaitUntil(Instant),
    /// The turn is over. [`State::take_end`] returns its last event.
    End,
}

impl State {
    pub(super) fn new(engine: Engine, request: TurnRequest) -> Self {
        Self {
            engine,
            request: request.model_request,
            cancellation: Cancellation::by(request.cancellation),
            phase: Phase::New,
            output: Output::default(),
            watch: Watch::default(),
            usage: None,
            spent: None,
            retries: 0,
            due: None,
        }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn request(&self) -> &Arc<ModelRequest> {
        &self.request
    }

    /// Returns the token counts known so far, of all calls.
    pub(super) fn usage(&self) -> TokenUsage {
        match (self.spent, self.usage) {
            (Some(mut spent), Some(usage)) => {
                spent += usage;
                spent
            }
            (told, None) | (None, told) => told.unwrap_or_default(),
        }
    }

    /// Returns the token counts of the latest call alone.
    pub(super) fn last_call_usage(&self) -> TokenUsage {
        self.usage.unwrap_or_default()
    }

    /// Waits until the turn is cancelled.
    pub(super) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.cancellation.poll_requested(cx)
    }

    /// Takes the terminal event. `None` if the turn is not over or the event was taken before.
    pub(super) fn take_end(&mut self) -> Option<TurnEvent> {
        let Phase::Over(end) = &mut self.phase else { return None };
        let end = end.take()?;
        let usage = self.usage();
        Some(match end {
            TurnEnd::Completed(stop_reason) => TurnEvent::Completed { stop_reason, usage },
            TurnEnd::Cancelled => TurnEvent::Cancelled { usage },
            TurnEnd::Failed(error) => TurnEvent::Failed { error, usage },
        })
    }

    /// Takes one event of the provider, or the step that is due instead: begins the turn or a call,
    /// or ends the turn.
    pub(super) fn step(&mut self, cx: &mut Context<'_>) -> Step {
        match self.due.take() {
            Some(Due::End(end)) => return self.end(end),
            Some(Due::CallFailed(error)) => return self.call_failed(error),
            None => {}
        }
        let now = Instant::now();
        if let Some(end) = self.must_end(now) {
            return self.end(end);
        }
        match &mut self.phase {
            Phase::New => {
                self.phase = Phase::Ready;
                Step::Give(TurnEvent::Started)
            }
            Phase::Pausing(until) if now < *until => Step::WaitUntil(*until),
            Phase::Pausing(_) | Phase::Ready => self.begin_call(),
            Phase::Calling(call) => match call.poll_event(cx) {
                Poll::Ready(Ok(event)) => self.take(event),
                Poll::Ready(Err(error)) => self.call_failed(error),
                Poll::Pending => self.wait(),
            },
            Phase::Over(_) => Step::End,
        }
    }

    /// Returns the end of a turn that was cancelled or has used up its time. The provider is not
    /// polled.
    fn must_end(&mut self, now: Instant) -> Option<TurnEnd> {
        if matches!(self.phase, Phase::Over(_)) {
            return None;
        }
        if self.cancellation.is_requested() {
            return Some(TurnEnd::Cancelled);
        }
        let checked = self.watch.check_turn(&self.engine.policy().deadlines, now);
        checked.err().map(TurnEnd::Failed)
    }

    fn begin_call(&mut self) -> Step {
        self.usage = Some(TokenUsage::default());
        match Call::begin(&*self.engine.provider, Arc::clone(&self.request)) {
            Ok(call) => {
                self.phase = Phase::Calling(call);
                self.watch.call_begins();
                Step::Again
            }
            Err(error) => self.call_failed(error),
        }
    }

    fn take(&mut self, event: ProviderEvent) -> Step {
        match event {
            ProviderEvent::TextDelta(text) if !text.is_empty() => {
                self.give(text, TurnEvent::TextDelta)
            }
            ProviderEvent::ReasoningDelta(text) if !text.is_empty() => {
                self.give(text, TurnEvent::ReasoningDelta)
            }
            ProviderEvent::CallBegan { index, name } => {
                self.call_part(name.len(), TurnEvent::CallBegan { index, name })
            }
            ProviderEvent::CallArguments { index, text } if !text.is_empty() => {
                self.call_part(text.len(), TurnEvent::CallArguments { index, text })
            }
            ProviderEvent::CallComplete { index, call } => {
                self.call_part(0, TurnEvent::CallComplete { index, call })
            }
            ProviderEvent::Opaque(opaque) => {
                self.call_part(opaque.bytes.len(), TurnEvent::Opaque(opaque))
            }
            ProviderEvent::Finished { stop_reason, usage } => {
                self.due = Some(Due::End(TurnEnd::Completed(stop_reason)));
                self.tell(usage)
            }
            ProviderEvent::Usage(usage) => {
                self.due = self.overdue().map(Due::CallFailed);
                self.tell(usage)
            }
            ProviderEvent::KeepAlive => {
                self.watch.is_alive();
                Step::Again
            }
            ProviderEvent::Connected
            | ProviderEvent::Heartbeat
            | ProviderEvent::TextDelta(_)
            | ProviderEvent::ReasoningDelta(_)
            | ProviderEvent::CallArguments { .. } => self.no_progress(),
        }
    }

    /// Notes the token counts of the present call, and gives them out if they are new.
    fn tell(&mut self, told: TokenUsage) -> Step {
        let mut usage = self.last_call_usage();
        usage.update(told);
        if self.usage.replace(usage) == Some(usage) {
            Step::Again
        } else {
            Step::Give(TurnEvent::Usage(self.usage()))
        }
    }

    /// Passes the provider's text on, up to the cap.
    fn give(&mut self, mut text: String, event: fn(String) -> TurnEvent) -> Step {
        self.watch.progress();
        let admitted = self.output.admit(&mut text, self.engine.policy().max_output_bytes);
        self.due = admitted.err().map(|error| Due::End(TurnEnd::Failed(error)));
        if text.is_empty() { Step::Again } else { Step::Give(event(text)) }
    }

    /// Passes on a part of the output that is not cut: past the cap the turn fails in its place.
    fn call_part(&mut self, bytes: usize, event: TurnEvent) -> Step {
        self.watch.progress();
        match self.output.admit_whole(bytes, self.engine.policy().max_output_bytes) {
            Ok(()) => Step::Give(event),
            Err(error) => {
                self.due = Some(Due::End(TurnEnd::Failed(error)));
                Step::Again
            }
        }
    }

    /// Checks the call's deadline after an event that is not progress.
    fn no_progress(&mut self) -> Step {
        self.due = self.overdue().map(Due::CallFailed);
        Step::Again
    }

    /// Returns the error of a call whose deadline has passed.
    fn overdue(&mut self) -> Option<EngineError> {
        self.watch.check_call(&self.engine.policy().deadlines, Instant::now()).err()
    }

    /// Waits for the provider, at most until the next deadline.
    fn wait(&mut self) -> Step {
        let deadlines = &self.engine.policy().deadlines;
        let now = Instant::now();
        match self.watch.check_call(deadlines, now) {
            Ok(call_ends) => Step::WaitUntil(call_ends.min(self.watch.turn_ends(deadlines, now))),
            Err(error) => self.call_failed(error),
        }
    }

    /// Plans the next call, or ends the turn. A pause that would outlast the turn is not begun, so
    /// that the caller learns of the failure at once.
    fn call_failed(&mut self, error: EngineError) -> Step {
        let now = Instant::now();
        let error = self.close_call().err().unwrap_or(error);
        let policy = self.engine.policy();
        let turn_ends = self.watch.turn_ends(&policy.deadlines, now);
        let delay = policy
            .retry
            .pause_after(&error, self.retries)
            .filter(|delay| self.output.is_empty() && after(now, *delay) < turn_ends);
        let Some(delay) = delay else { return self.end(TurnEnd::Failed(error)) };
        self.retries += 1;
        self.spent = Some(self.usage());
        self.usage = None;
        let attempt = self.retries.saturating_add(1);
        tracing::debug!(attempt, ?delay, kind = error.kind.as_str(), "a model call is made again");
        self.phase = Phase::Pausing(after(now, delay));
        Step::Give(TurnEvent::Retrying { attempt, delay, error })
    }

    fn end(&mut self, end: TurnEnd) -> Step {
        let end = self.close_call().err().map_or(end, TurnEnd::Failed);
        self.phase = Phase::Over(Some(end));
        Step::End
    }

    /// Drops the provider's stream, if there is one, before an event says that the call is over.
    fn close_call(&mut self) -> Result<(), EngineError> {
        let Phase::Calling(call) = &mut self.phase else { return Ok(()) };
        call.close()
    }
}
