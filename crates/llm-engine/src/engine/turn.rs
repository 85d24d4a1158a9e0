//! A turn: calls, pauses and deadlines folded into one stream of events.

mod step;

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use tokio::time::Instant;

use super::{
    TurnRequest, call::Call, cancellation::Cancellation, output::Output, retry::Retries,
    watch::Watch,
};
use crate::{ModelRequest, Policy, Provider, TokenUsage, TurnEvent, timer::Timer};
use step::{Now, Step};

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
    /// What comes after the text that was given out last.
    held: Option<TurnEvent>,
}

enum Phase {
    New,
    /// The next call begins at this time.
    Pausing(Instant),
    Calling(Call),
    /// Nothing is left to do but to give out the terminal event, once.
    Over(Option<TurnEvent>),
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
            held: None,
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

    /// Polls like the stream, but text that is ready together comes as one delta. For whoever shows
    /// text as it grows: many deltas then cost little more than their bytes.
    pub fn poll_joined(&mut self, cx: &mut Context<'_>) -> Poll<Option<TurnEvent>> {
        self.poll_turn(true, cx)
    }

    fn poll_turn(&mut self, joins: bool, cx: &mut Context<'_>) -> Poll<Option<TurnEvent>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        let start = self.output.text().len();
        let mut now = Now::new(Instant::now);
        let event = loop {
            if self.burst >= BURST {
                break None;
            }
            match self.step(joins, &now, cx) {
                Step::Text(text) if !joins => {
                    self.burst += 1;
                    return Poll::Ready(Some(TurnEvent::TextDelta(text)));
                }
                Step::Text(_) | Step::Again => self.burst += 1,
                Step::Give(event) => {
                    self.burst += 1;
                    break Some(Poll::Ready(event));
                }
                Step::WaitUntil(time) => {
                    self.burst = 0;
                    if self.poll_wait(time, cx).is_pending() {
                        break Some(Poll::Pending);
                    }
                    now = Now::new(Instant::now);
                }
            }
        };
        let joined = &self.output.text()[start..];
        if joins && !joined.is_empty() {
            if let Some(Poll::Ready(event)) = event {
                self.held = event;
            }
            return Poll::Ready(Some(TurnEvent::TextDelta(joined.to_owned())));
        }
        event.unwrap_or_else(|| {
            self.burst = 0;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
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
        self.get_mut().poll_turn(false, cx)
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
