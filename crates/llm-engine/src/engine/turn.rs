//! A turn: the calls, pauses and deadlines of a request, combined into one stream of events.

mod state;

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use tokio::time::Instant;

use super::{Engine, TurnRequest};
use crate::{ModelRequest, TokenUsage, TurnEvent, timer::Timer};
use state::{State, Step};

/// The most steps that a turn takes before it lets other tasks of its thread run.
const BURST: u32 = 128;

/// A turn in flight: a stream of [`TurnEvent`]s with exactly one terminal event, its last.
///
/// All work is done while the stream is polled. Dropping the turn cancels its call. The turn needs
/// a tokio runtime with time as soon as it has to wait for its provider.
pub struct Turn {
    state: State,
    timer: Timer,
    /// The number of steps since the turn last waited or let other tasks run.
    burst: u32,
}

impl Turn {
    pub(super) fn new(engine: Engine, request: TurnRequest) -> Self {
        Self { state: State::new(engine, request), timer: Timer::default(), burst: 0 }
    }

    /// Returns the engine that runs the turn.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.state.engine()
    }

    /// Returns the request of each model call.
    #[must_use]
    pub fn request(&self) -> &Arc<ModelRequest> {
        self.state.request()
    }

    /// Returns the token counts known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.state.usage()
    }

    /// Returns the token counts of the latest call alone, as far as its provider reported them.
    /// They are empty between two calls.
    #[must_use]
    pub fn last_call_usage(&self) -> TokenUsage {
        self.state.last_call_usage()
    }

    /// Waits until the turn is cancelled or its timer fires, at `time` or at an earlier deadline.
    fn poll_wait(&mut self, time: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.state.poll_cancelled(cx).is_ready() {
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
            match turn.state.step(cx) {
                Step::Give(event) => return Poll::Ready(Some(event)),
                Step::Again => {}
                Step::End => return Poll::Ready(turn.state.take_end()),
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
        f.debug_struct("Turn").field("usage", &self.usage()).finish_non_exhaustive()
    }
}
