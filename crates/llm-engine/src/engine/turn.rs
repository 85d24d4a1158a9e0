//! A turn: calls, pauses and deadlines folded into one stream of events.

mod step;

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use tokio::time::Instant;

use super::{
    Engine, TurnRequest, call::Call, cancellation::Cancellation, output::Output, watch::Watch,
};
use crate::{ModelRequest, TokenUsage, TurnEnd, TurnEvent, timer::Timer};
use step::Step;

/// How many provider events are taken without letting the task's executor breathe.
const BURST: u32 = 128;

/// A turn in flight: a stream of [`TurnEvent`]s with exactly one terminal event, its last.
///
/// Everything happens while it is polled, and dropping it cancels everything. It needs a tokio
/// runtime with time as soon as it has to wait for its provider.
pub struct Turn {
    engine: Engine,
    request: Arc<ModelRequest>,
    cancellation: Cancellation,
    phase: Phase,
    output: Output,
    watch: Watch,
    timer: Timer,
    /// What the present call told about its tokens so far.
    usage: TokenUsage,
    /// Tokens of the calls before it.
    spent: Option<Box<TokenUsage>>,
    retries: u32,
    burst: u32,
}

enum Phase {
    New,
    /// The first call begins with the next poll.
    Ready,
    /// The next call begins at this time.
    Pausing(Instant),
    Calling(Call),
    /// Nothing is left to do but to give out the terminal event, once.
    Over(Option<TurnEnd>),
}

impl Turn {
    pub(super) fn new(engine: Engine, request: TurnRequest) -> Self {
        Self {
            engine,
            request: request.model_request,
            cancellation: Cancellation::by(request.cancellation),
            phase: Phase::New,
            output: Output::default(),
            watch: Watch::default(),
            timer: Timer::default(),
            usage: TokenUsage::default(),
            spent: None,
            retries: 0,
            burst: 0,
        }
    }

    /// The engine that runs it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What each call asks the model.
    #[must_use]
    pub fn request(&self) -> &Arc<ModelRequest> {
        &self.request
    }

    /// The tokens known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        let mut usage = self.usage;
        if let Some(spent) = &self.spent {
            usage += **spent;
        }
        usage
    }

    /// The tokens of the latest call alone, as far as its provider told. Between two calls it is empty.
    #[must_use]
    pub fn last_call_usage(&self) -> TokenUsage {
        self.usage
    }

    /// The terminal event, if it was not given out yet.
    fn last(&mut self) -> Option<TurnEvent> {
        let Phase::Over(end) = &mut self.phase else { return None };
        let end = end.take()?;
        let usage = self.usage();
        Some(match end {
            TurnEnd::Completed(stop_reason) => TurnEvent::Completed { stop_reason, usage },
            TurnEnd::Cancelled => TurnEvent::Cancelled { usage },
            TurnEnd::Failed(error) => TurnEvent::Failed { error, usage },
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
        let turn = self.get_mut();
        while turn.burst < BURST {
            turn.burst += 1;
            match turn.step(cx) {
                Step::Give(event) => return Poll::Ready(Some(event)),
                Step::Again => {}
                Step::End => return Poll::Ready(turn.last()),
                Step::WaitUntil(time) => {
                    turn.burst = 0;
                    ready!(turn.poll_wait(time, cx));
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
            .field("output", &self.output)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}
