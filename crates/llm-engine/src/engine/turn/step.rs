//! What a turn does next.

use std::{
    cell::LazyCell,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{BURST, Ending, Phase, Turn};
use crate::{EngineError, ProviderEvent, TokenUsage, TurnEvent, engine::call::Call, timer::after};

/// How many events are taken between two looks at the clock, which costs more than a delta.
const CLOCK_INTERVAL: u32 = 16;

/// The time of a poll, read when it is first needed.
pub(super) type Now = LazyCell<Instant>;

/// What came of a step.
pub(super) enum Step {
    /// This was added to the output.
    Text(String),
    /// The next item of the stream.
    Give(TurnEvent),
    /// Nothing: the next step can be taken.
    Again,
    /// Nothing, and there will be nothing before this time unless the task is woken.
    WaitUntil(Instant),
    /// The turn is over: what is left is its last event.
    End,
}

impl Turn {
    /// Takes one event of the provider, or does what else is next. If it `joins`, it also takes the
    /// text that is ready before that event.
    pub(super) fn step(&mut self, joins: bool, now: &Now, cx: &mut Context<'_>) -> Step {
        if let Some(ending) = self.must_end(now) {
            return self.end(ending);
        }
        let policy = self.engine.policy();
        match &mut self.phase {
            Phase::New => {
                self.phase = Phase::Ready;
                Step::Give(TurnEvent::Started)
            }
            Phase::Pausing(until) if **now < *until => Step::WaitUntil(*until),
            Phase::Pausing(_) | Phase::Ready => self.begin_call(now),
            Phase::Calling(call) => {
                // With the event after it, all that is left of the burst: in one poll, time stands still.
                let most = if joins { BURST - self.burst - 1 } else { 0 };
                let mut left = most;
                let take = |delta: &str| {
                    let room = self.output.room(policy.max_output_bytes);
                    let fits = left > 0 && !delta.is_empty() && delta.len() <= room;
                    if fits {
                        left -= 1;
                        self.output.push(delta);
                    }
                    fits
                };
                let polled = call.poll_event(take, cx);
                if left < most {
                    self.burst += most - left;
                    self.watch.progress();
                }
                match polled {
                    Poll::Ready(Ok(event)) => self.take(event, now),
                    Poll::Ready(Err(error)) => self.call_failed(error, now),
                    Poll::Pending => match self.watch.check_call(&policy.deadlines, **now) {
                        Ok(deadline) => Step::WaitUntil(
                            deadline.min(self.watch.turn_ends(&policy.deadlines, **now)),
                        ),
                        Err(error) => self.call_failed(error, now),
                    },
                }
            }
            Phase::Over(_) => Step::End,
        }
    }

    /// Why the turn ends here, whatever its provider is about to say.
    fn must_end(&mut self, now: &Now) -> Option<Ending> {
        if matches!(self.phase, Phase::Over(_)) {
            return None;
        }
        if self.cancellation.is_requested() {
            return Some(Ending::Cancelled);
        }
        if !self.burst.is_multiple_of(CLOCK_INTERVAL) {
            return None;
        }
        let checked = self.watch.check_turn(&self.engine.policy().deadlines, **now);
        checked.err().map(Ending::failed)
    }

    fn begin_call(&mut self, now: &Now) -> Step {
        match Call::begin(&*self.engine.provider, Arc::clone(&self.request)) {
            Ok(call) => {
                self.phase = Phase::Calling(call);
                self.watch.call_begins();
                Step::Again
            }
            Err(error) => self.call_failed(error, now),
        }
    }

    fn take(&mut self, event: ProviderEvent, now: &Now) -> Step {
        let policy = self.engine.policy();
        match event {
            ProviderEvent::TextDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_text(&mut text, policy.max_output_bytes);
                self.give(text, admitted, Step::Text)
            }
            ProviderEvent::ReasoningDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_reasoning(&mut text, policy.max_output_bytes);
                self.give(text, admitted, |text| Step::Give(TurnEvent::ReasoningDelta(text)))
            }
            ProviderEvent::Finished { stop_reason, usage } => {
                self.usage.update(usage);
                self.end(Ending::Completed(stop_reason))
            }
            ProviderEvent::Usage(usage) => {
                self.usage.update(usage);
                self.no_progress(now)
            }
            ProviderEvent::Connected
            | ProviderEvent::Heartbeat
            | ProviderEvent::TextDelta(_)
            | ProviderEvent::ReasoningDelta(_) => self.no_progress(now),
        }
    }

    fn no_progress(&mut self, now: &Now) -> Step {
        match self.watch.check_call(&self.engine.policy().deadlines, **now) {
            Ok(_) => Step::Again,
            Err(error) => self.call_failed(error, now),
        }
    }

    fn give(
        &mut self,
        text: String,
        admitted: Result<(), EngineError>,
        step: fn(String) -> Step,
    ) -> Step {
        self.watch.progress();
        let Err(error) = admitted else { return step(text) };
        let end = self.end(Ending::failed(error));
        if text.is_empty() { end } else { step(text) }
    }

    /// Plans the next call, or ends the turn. A pause that would outlast the turn is not begun:
    /// the caller learns at once what went wrong.
    fn call_failed(&mut self, error: EngineError, now: &Now) -> Step {
        let now = **now;
        let error = self.close_call().err().unwrap_or(error);
        let policy = self.engine.policy();
        let turn_ends = self.watch.turn_ends(&policy.deadlines, now);
        let delay = policy
            .retry
            .pause_after(&error, self.retries)
            .filter(|delay| self.output.is_empty() && after(now, *delay) < turn_ends);
        let Some(delay) = delay else { return self.end(Ending::failed(error)) };
        self.retries += 1;
        if self.usage != TokenUsage::default() {
            self.spent = Some(Box::new(self.usage()));
            self.usage = TokenUsage::default();
        }
        let attempt = self.retries.saturating_add(1);
        tracing::debug!(attempt, ?delay, kind = error.kind.as_str(), "a model call is made again");
        self.phase = Phase::Pausing(after(now, delay));
        Step::Give(TurnEvent::Retrying { attempt, delay, error })
    }

    fn end(&mut self, ending: Ending) -> Step {
        let ending = self.close_call().err().map_or(ending, Ending::failed);
        self.phase = Phase::Over(Some(ending));
        Step::End
    }

    /// Drops the provider's stream, if there is one, before anybody hears that the call is over.
    fn close_call(&mut self) -> Result<(), EngineError> {
        let Phase::Calling(call) = &mut self.phase else { return Ok(()) };
        call.close()
    }
}

impl Ending {
    fn failed(error: EngineError) -> Self {
        Self::Failed(Box::new(error))
    }
}
