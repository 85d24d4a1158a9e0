//! The steps of a scripted call.

use std::{sync::Arc, time::Duration};

use crate::{EngineError, ModelCall, ProviderEvent, StopReason, TokenUsage};

/// The steps of a [`ScriptedProvider`](super::ScriptedProvider) in one call, in order.
///
/// A script without [`finish`](Self::finish) or [`error`](Self::error) ends the stream early. Steps
/// after these two are played as well if the stream is polled further.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) panics_at_start: bool,
    pub(super) panics_in_drop: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Give(Result<ProviderEvent, EngineError>),
    End,
    Delay(Duration),
    Block(Duration),
    Hang,
    Flood(ProviderEvent),
    Panic,
}

impl Script {
    /// Creates an empty script: the call ends at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a part of the answer.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.event(ProviderEvent::TextDelta(text.into()))
    }

    /// Gives a part of the reasoning.
    #[must_use]
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        self.event(ProviderEvent::ReasoningDelta(text.into()))
    }

    /// Calls a tool, in one piece. The script counts the calls, from 0.
    #[must_use]
    pub fn call(self, name: impl Into<Arc<str>>, arguments: impl Into<Arc<str>>) -> Self {
        self.model_call(ModelCall::new(name, arguments))
    }

    /// Calls a tool like [`call`](Self::call), with an id of the provider and a state that it wants
    /// back, if the call has them.
    #[must_use]
    pub fn model_call(self, call: ModelCall) -> Self {
        let is_call =
            |step: &&Step| matches!(step, Step::Give(Ok(ProviderEvent::CallComplete { .. })));
        let index = self.steps.iter().filter(is_call).count();
        self.event(ProviderEvent::CallComplete { index, call })
    }

    /// Gives a heartbeat.
    #[must_use]
    pub fn heartbeat(self) -> Self {
        self.event(ProviderEvent::Heartbeat)
    }

    /// Reports the token counts known so far.
    #[must_use]
    pub fn usage(self, usage: TokenUsage) -> Self {
        self.event(ProviderEvent::Usage(usage))
    }

    /// Finishes with a complete answer and reports no token counts.
    #[must_use]
    pub fn finish(self) -> Self {
        self.finish_with(StopReason::EndTurn, TokenUsage::default())
    }

    /// Finishes for this reason, with these token counts.
    #[must_use]
    pub fn finish_with(self, stop_reason: StopReason, usage: TokenUsage) -> Self {
        self.event(ProviderEvent::Finished { stop_reason, usage })
    }

    /// Gives any event.
    #[must_use]
    pub fn event(self, event: ProviderEvent) -> Self {
        self.step(Step::Give(Ok(event)))
    }

    /// Fails with `error`.
    #[must_use]
    pub fn error(self, error: EngineError) -> Self {
        self.step(Step::Give(Err(error)))
    }

    /// Ends the stream here, as a broken connection does.
    #[must_use]
    pub fn end_early(self) -> Self {
        self.step(Step::End)
    }

    /// Waits on tokio's clock.
    #[must_use]
    pub fn delay(self, wait: Duration) -> Self {
        self.step(Step::Delay(wait))
    }

    /// Waits for ever. The task is never woken.
    #[must_use]
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// Blocks the thread that polls, as faulty code does.
    #[must_use]
    pub fn block(self, wait: Duration) -> Self {
        self.step(Step::Block(wait))
    }

    /// Gives this text again and again, without an end and without a pause.
    #[must_use]
    pub fn flood(self, text: impl Into<String>) -> Self {
        self.step(Step::Flood(ProviderEvent::TextDelta(text.into())))
    }

    /// Gives this event again and again, without an end and without a pause.
    #[must_use]
    pub fn flood_with(self, event: ProviderEvent) -> Self {
        self.step(Step::Flood(event))
    }

    /// Panics when the stream is polled.
    #[must_use]
    pub fn panic(self) -> Self {
        self.step(Step::Panic)
    }

    /// Panics in [`Provider::stream`](crate::Provider::stream), before a stream is returned.
    #[must_use]
    pub fn panic_at_start(mut self) -> Self {
        self.panics_at_start = true;
        self
    }

    /// Panics when the stream is dropped, at any step.
    #[must_use]
    pub fn panic_in_drop(mut self) -> Self {
        self.panics_in_drop = true;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
