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
use crate::{EngineError, Joined, ModelRequest, StopReason, TokenUsage, TurnEvent, timer::Timer};
use step::{Now, Step};

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
    /// What comes after the text that was given out last.
    held: Option<Box<TurnEvent>>,
}

enum Phase {
    New,
    /// The first call begins with the next poll.
    Ready,
    /// The next call begins at this time.
    Pausing(Instant),
    Calling(Call),
    /// Nothing is left to do but to give out the terminal event, once.
    Over(Option<Ending>),
}

enum Ending {
    Completed(StopReason),
    Cancelled,
    Failed(Box<EngineError>),
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
            held: None,
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

    /// All text given out so far: the text deltas joined.
    #[must_use]
    pub fn text(&self) -> &str {
        self.output.text()
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

    /// Polls like the stream, but text that is ready together comes at once, as a part of
    /// [`text`](Self::text). For whoever shows text as it grows: many deltas then cost little more
    /// than their bytes.
    pub fn poll_joined(&mut self, cx: &mut Context<'_>) -> Poll<Option<Joined<TurnEvent>>> {
        let start = self.output.text().len();
        let polled = match self.held.take() {
            Some(held) => Poll::Ready(Some(*held)),
            None => self.poll_turn(true, cx),
        };
        let end = self.output.text().len();
        if start == end {
            return polled.map(|event| event.map(Joined::Event));
        }
        if let Poll::Ready(event) = polled {
            self.held = event.map(Box::new);
        }
        Poll::Ready(Some(Joined::Text(start..end)))
    }

    /// The next event. If it `joins`, text is only added to the output, and what would be next waits
    /// if that is possible.
    fn poll_turn(&mut self, joins: bool, cx: &mut Context<'_>) -> Poll<Option<TurnEvent>> {
        let start = self.output.text().len();
        let mut now = Now::new(Instant::now);
        while self.burst < BURST {
            match self.step(joins, &now, cx) {
                Step::Text(text) => {
                    self.burst += 1;
                    if !joins {
                        return Poll::Ready(Some(TurnEvent::TextDelta(text)));
                    }
                }
                Step::Again => self.burst += 1,
                Step::Give(event) => {
                    self.burst += 1;
                    return Poll::Ready(Some(event));
                }
                Step::End if self.output.text().len() > start => return Poll::Pending,
                Step::End => return Poll::Ready(self.last()),
                Step::WaitUntil(time) => {
                    self.burst = 0;
                    ready!(self.poll_wait(time, cx));
                    now = Now::new(Instant::now);
                }
            }
        }
        // Whoever gets text polls again at once: the pause comes after it.
        if self.output.text().len() == start {
            self.burst = 0;
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// The terminal event, if it was not given out yet.
    fn last(&mut self) -> Option<TurnEvent> {
        let Phase::Over(ending) = &mut self.phase else { return None };
        let ending = ending.take()?;
        let text = Arc::from(self.output.text());
        let usage = self.usage();
        Some(match ending {
            Ending::Completed(stop_reason) => {
                TurnEvent::Completed { message: text, stop_reason, usage }
            }
            Ending::Cancelled => TurnEvent::Cancelled { partial: text, usage },
            Ending::Failed(error) => TurnEvent::Failed { error: *error, partial: text, usage },
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
        match turn.held.take() {
            Some(held) => Poll::Ready(Some(*held)),
            None => turn.poll_turn(false, cx),
        }
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
