//! What a turn does next.

use std::{
    cell::LazyCell,
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{Phase, Turn};
use crate::{EngineError, ProviderEvent, StopReason, TurnEvent, engine::call::Call, timer::after};

/// How many events are taken between two looks at the clock, which costs more than a delta.
const CLOCK_INTERVAL: u32 = 16;

/// The time of a poll, read when it is first needed.
pub(super) type Now = LazyCell<Instant>;

/// What came of a step.
pub(super) enum Step {
    /// This was added to the output.
    Text(String),
    /// The item of the stream.
    Give(Option<TurnEvent>),
    /// Nothing: the next step can be taken.
    Again,
    /// Nothing, and there will be nothing before this time unless the task is woken.
    WaitUntil(Instant),
}

enum Ending {
    Completed(StopReason),
    Cancelled,
    Failed(EngineError),
}

impl Turn {
    /// Takes one event of the provider, or does what else is next. If it `joins`, it also takes the
    /// text that is ready before that event.
    pub(super) fn step(&mut self, joins: bool, now: &Now, cx: &mut Context<'_>) -> Step {
        if let Some(ending) = self.must_end(now) {
            return Step::Give(Some(self.end(ending)));
        }
        match &mut self.phase {
            Phase::New => {
                self.phase = Phase::Pausing(**now);
                Step::Give(Some(TurnEvent::Started))
            }
            Phase::Pausing(until) if **now < *until => Step::WaitUntil(*until),
            Phase::Pausing(_) => self.begin_call(now),
            Phase::Calling(call) => {
                // With the event after it, as much as fits between two looks at the clock.
                let most = if joins { CLOCK_INTERVAL - 1 } else { 0 };
                let (taken, polled) = call.poll_event(&mut self.output, most, cx);
                if taken > 0 {
                    self.burst += taken;
                    self.watch.progress();
                }
                match polled {
                    Poll::Ready(Ok(event)) => self.take(event, now),
                    Poll::Ready(Err(error)) => self.call_failed(error, now),
                    Poll::Pending => match self.watch.check_call(**now) {
                        Ok(deadline) => Step::WaitUntil(deadline.min(self.watch.turn_ends(**now))),
                        Err(error) => self.call_failed(error, now),
                    },
                }
            }
            Phase::Over(last) => Step::Give(last.take()),
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
        self.watch.check_turn(**now).err().map(Ending::Failed)
    }

    fn begin_call(&mut self, now: &Now) -> Step {
        match Call::begin(&*self.provider, Arc::clone(&self.request)) {
            Ok(call) => {
                self.phase = Phase::Calling(call);
                self.watch.call_begins(**now);
                Step::Again
            }
            Err(error) => self.call_failed(error, now),
        }
    }

    fn take(&mut self, event: ProviderEvent, now: &Now) -> Step {
        match event {
            ProviderEvent::TextDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_text(&mut text);
                self.give(text, admitted, Step::Text)
            }
            ProviderEvent::ReasoningDelta(mut text) if !text.is_empty() => {
                let admitted = self.output.admit_reasoning(&mut text);
                self.give(text, admitted, |text| Step::Give(Some(TurnEvent::ReasoningDelta(text))))
            }
            ProviderEvent::Finished { stop_reason, .. } => {
                Step::Give(Some(self.end(Ending::Completed(stop_reason))))
            }
            ProviderEvent::Connected
            | ProviderEvent::Heartbeat
            | ProviderEvent::Usage(_)
            | ProviderEvent::TextDelta(_)
            | ProviderEvent::ReasoningDelta(_) => match self.watch.check_call(**now) {
                Ok(_) => Step::Again,
                Err(error) => self.call_failed(error, now),
            },
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
        let failed = self.end(Ending::Failed(error));
        if text.is_empty() {
            return Step::Give(Some(failed));
        }
        self.phase = Phase::Over(Some(failed));
        step(text)
    }

    /// Plans the next call, or ends the turn. A pause that would outlast the turn is not begun:
    /// the caller learns at once what went wrong.
    fn call_failed(&mut self, error: EngineError, now: &Now) -> Step {
        let now = **now;
        let error = self.close_call().err().unwrap_or(error);
        let turn_ends = self.watch.turn_ends(now);
        let delay = self
            .retries
            .pause_after(&error)
            .filter(|delay| self.output.is_empty() && after(now, *delay) < turn_ends);
        let Some(delay) = delay else {
            return Step::Give(Some(self.end(Ending::Failed(error))));
        };
        let attempt = self.retries.count();
        tracing::debug!(attempt, ?delay, kind = error.kind.as_str(), "a model call is made again");
        self.phase = Phase::Pausing(after(now, delay));
        Step::Give(Some(TurnEvent::Retrying { attempt, delay, error }))
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
}
