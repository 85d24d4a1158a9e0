//! A turn: calls, pauses and deadlines folded into one stream of events.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use tokio::time::Instant;

use super::{
    TurnRequest, call::Call, cancellation::Cancellation, output::Output, retry::Retries,
    watch::Watch,
};
use crate::{
    EngineError, ModelRequest, Policy, Provider, ProviderEvent, StopReason, TokenUsage, TurnEvent,
    timer::{Timer, after},
};

/// How many provider events are taken without letting the task's executor breathe.
const BURST: u32 = 128;

/// A turn in flight: a stream of [`TurnEvent`]s with exactly one terminal event, its last.
///
/// Everything happens while it is polled, and dropping it cancels everything. It needs a tokio
/// runtime with time as soon as it has to wait for its provider.
pub struct Turn {
    provider: Arc<dyn Provider>,
    request: Arc<ModelRequest>,
    cancellation: Cancellation,
    phase: Phase,
    output: Output,
    retries: Retries,
    watch: Watch,
    timer: Timer,
    /// Tokens of the calls that are over.
    spent: TokenUsage,
    burst: u32,
}

enum Phase {
    New,
    /// The next call begins at this time.
    Pausing(Instant),
    Calling(Call),
    /// Nothing is left to do but to give out the terminal event, once.
    Over(Option<TurnEvent>),
}

enum Ending {
    Completed(StopReason),
    Cancelled,
    Failed(EngineError),
}

enum Step {
    Give(Option<TurnEvent>),
    /// Nothing came of it: take the next step.
    Again,
    WaitUntil(Instant),
}

impl Turn {
    pub(super) fn new(provider: Arc<dyn Provider>, policy: Policy, request: TurnRequest) -> Self {
        Self {
            provider,
            request: request.model_request,
            cancellation: Cancellation::by(request.cancellation),
            phase: Phase::New,
            output: Output::new(policy.max_output_bytes),
            retries: Retries::new(policy.retry),
            watch: Watch::new(policy.deadlines),
            timer: Timer::default(),
            spent: TokenUsage::default(),
            burst: 0,
        }
    }

    /// All text given out so far: the text deltas joined.
    #[must_use]
    pub fn text(&self) -> &str {
        self.output.text()
    }

    /// The tokens known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        let mut usage = self.spent;
        if let Phase::Calling(call) = &self.phase {
            usage += call.usage;
        }
        usage
    }

    /// What this poll shall come to, given that it was made at `now`.
    fn step(&mut self, now: Instant, cx: &mut Context<'_>) -> Step {
        if let Some(ending) = self.must_end(now) {
            return Step::Give(Some(self.end(ending)));
        }
        match &mut self.phase {
            Phase::New => {
                self.phase = Phase::Pausing(now);
                Step::Give(Some(TurnEvent::Started))
            }
            Phase::Pausing(until) if now < *until => Step::WaitUntil(*until),
            Phase::Pausing(_) => self.call(now),
            Phase::Calling(call) => match call.poll_event(cx) {
                Poll::Ready(Ok(event)) => self.take(event, now),
                Poll::Ready(Err(error)) => self.call_failed(error, now),
                Poll::Pending => match self.watch.check_call(now) {
                    Ok(deadline) => Step::WaitUntil(deadline.min(self.watch.turn_ends(now))),
                    Err(error) => self.call_failed(error, now),
                },
            },
            Phase::Over(last) => Step::Give(last.take()),
        }
    }

    /// Why the turn ends here, whatever its provider is about to say.
    fn must_end(&mut self, now: Instant) -> Option<Ending> {
        if matches!(self.phase, Phase::Over(_)) {
            return None;
        }
        if self.cancellation.is_requested() {
            return Some(Ending::Cancelled);
        }
        self.watch.check_turn(now).err().map(Ending::Failed)
    }

    fn call(&mut self, now: Instant) -> Step {
        match Call::begin(&*self.provider, Arc::clone(&self.request)) {
            Ok(call) => {
                self.phase = Phase::Calling(call);
                self.watch.call_begins(now);
                Step::Again
            }
            Err(error) => self.call_failed(error, now),
        }
    }

    fn take(&mut self, event: ProviderEvent, now: Instant) -> Step {
        match event {
            ProviderEvent::TextDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_text(&mut text);
                self.give(text, admitted, TurnEvent::TextDelta)
            }
            ProviderEvent::ReasoningDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_reasoning(&mut text);
                self.give(text, admitted, TurnEvent::ReasoningDelta)
            }
            ProviderEvent::Finished { stop_reason, usage } => {
                self.learn(usage);
                Step::Give(Some(self.end(Ending::Completed(stop_reason))))
            }
            ProviderEvent::Usage(usage) => {
                self.learn(usage);
                self.no_progress(now)
            }
            ProviderEvent::Connected
            | ProviderEvent::Heartbeat
            | ProviderEvent::TextDelta(_)
            | ProviderEvent::ReasoningDelta(_) => self.no_progress(now),
        }
    }

    fn give(
        &mut self,
        text: String,
        admitted: Result<(), EngineError>,
        event: fn(String) -> TurnEvent,
    ) -> Step {
        self.watch.progress();
        let Err(error) = admitted else { return Step::Give(Some(event(text))) };
        let failed = self.end(Ending::Failed(error));
        if text.is_empty() {
            return Step::Give(Some(failed));
        }
        self.phase = Phase::Over(Some(failed));
        Step::Give(Some(event(text)))
    }

    fn no_progress(&mut self, now: Instant) -> Step {
        match self.watch.check_call(now) {
            Ok(_) => Step::Again,
            Err(error) => self.call_failed(error, now),
        }
    }

    fn learn(&mut self, usage: TokenUsage) {
        if let Phase::Calling(call) = &mut self.phase {
            call.usage.update(usage);
        }
    }

    /// Plans the next call, or ends the turn. A pause that would outlast the turn is not begun:
    /// the caller learns at once what went wrong.
    fn call_failed(&mut self, error: EngineError, now: Instant) -> Step {
        let error = self.close_call().err().unwrap_or(error);
        let turn_ends = self.watch.turn_ends(now);
        let delay = self
            .retries
            .pause_after(&error)
            .filter(|delay| self.output.is_empty() && after(now, *delay) < turn_ends);
        let Some(delay) = delay else {
            return Step::Give(Some(self.end(Ending::Failed(error))));
        };
        self.phase = Phase::Pausing(after(now, delay));
        Step::Give(Some(TurnEvent::Retrying { attempt: self.retries.count(), delay, error }))
    }

    fn end(&mut self, ending: Ending) -> TurnEvent {
        let ending = self.close_call().err().map_or(ending, Ending::Failed);
        self.phase = Phase::Over(None);
        let text = Arc::from(self.output.text());
        let usage = self.spent;
        match ending {
            Ending::Completed(stop_reason) => {
                TurnEvent::Completed { message: text, stop_reason, usage }
            }
            Ending::Cancelled => TurnEvent::Cancelled { partial: text, usage },
            Ending::Failed(error) => TurnEvent::Failed { error, partial: text, usage },
        }
    }

    /// Drops the provider's stream, if there is one, before anybody hears that the call is over.
    fn close_call(&mut self) -> Result<(), EngineError> {
        let Phase::Calling(call) = &mut self.phase else { return Ok(()) };
        self.spent += mem::take(&mut call.usage);
        call.close()
    }

    /// Ready once `time` has passed or the turn was cancelled.
    fn poll_wait(&mut self, time: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.cancellation.poll_requested(cx).is_ready() {
            return Poll::Ready(());
        }
        self.timer.poll_by(time, cx)
    }
}

impl Stream for Turn {
    type Item = TurnEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TurnEvent>> {
        let turn = self.get_mut();
        let mut now = Instant::now();
        while turn.burst < BURST {
            match turn.step(now, cx) {
                Step::Give(event) => {
                    turn.burst += 1;
                    return Poll::Ready(event);
                }
                Step::Again => turn.burst += 1,
                Step::WaitUntil(time) => {
                    turn.burst = 0;
                    ready!(turn.poll_wait(time, cx));
                    now = Instant::now();
                }
            }
        }
        turn.burst = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("text_bytes", &self.output.text().len())
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}
