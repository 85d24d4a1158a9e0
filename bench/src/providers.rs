//! Engines of the benchmark's own: one that talks a lot, one that never answers.

use std::{
    hint::spin_loop,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_core::Stream;
use llm_engine::{
    EngineError, ModelRequest, Provider, ProviderEvent, ProviderStream, StopReason, TokenUsage,
};

use crate::{audience::Audience, clock::ThreadTimer};

/// What a delta says.
pub const WORD: &str = "word ";

/// How often it is asked in a pause: an engine that has something asks for more before it passes that
/// on.
const PAUSE: u8 = 2;

/// How long an audience may take to hear a delta.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers with many deltas, and knows what its thread has spent on a call from the first poll to
/// the end.
#[derive(Clone, Debug)]
pub struct Talker {
    /// Deltas of an answer.
    pub deltas: u64,
    /// Deltas between two pauses, in which others have their turn.
    pub burst: u64,
    /// Who must have heard everything, and wait for more, before it goes on after a pause.
    audience: Option<Arc<Audience>>,
    spent: Arc<AtomicU64>,
}

impl Talker {
    /// A provider with so many deltas, in bursts.
    #[must_use]
    pub fn new(deltas: u64, burst: u64) -> Self {
        Self { deltas, burst, audience: None, spent: Arc::default() }
    }

    /// One that says one delta at a time, to an audience that waits for each.
    #[must_use]
    pub fn slowly(deltas: u64, audience: Arc<Audience>) -> Self {
        Self { audience: Some(audience), ..Self::new(deltas, 1) }
    }

    fn add(&self, timer: ThreadTimer) {
        let spent = u64::try_from(timer.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(spent, Ordering::AcqRel);
    }

    /// The processor's time of all calls since it was last asked.
    #[must_use]
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.swap(0, Ordering::AcqRel))
    }
}

impl Provider for Talker {
    fn name(&self) -> &'static str {
        "talker"
    }

    fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
        if let Some(audience) = &self.audience {
            audience.begin();
        }
        Box::pin(Talk {
            ready: 0,
            left: self.deltas,
            pauses: PAUSE,
            talker: self.clone(),
            timer: None,
        })
    }
}

struct Talk {
    /// Deltas until the burst is over: all that is kept in mind for each.
    ready: u64,
    /// Deltas after that.
    left: u64,
    /// How often it was asked in this pause.
    pauses: u8,
    talker: Talker,
    timer: Option<ThreadTimer>,
}

impl Talk {
    /// What comes when a burst is over: a pause, the next burst or the end.
    #[cold]
    fn rest(&mut self, context: &Context<'_>) -> Poll<ProviderEvent> {
        if self.pauses < PAUSE {
            self.pauses += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.wait();
        if self.left == 0 {
            self.stop_clock();
            let usage = TokenUsage::default();
            return Poll::Ready(ProviderEvent::Finished {
                stop_reason: StopReason::EndTurn,
                usage,
            });
        }
        self.timer.get_or_insert_with(ThreadTimer::start);
        let burst = self.talker.burst.min(self.left);
        (self.ready, self.left, self.pauses) = (burst - 1, self.left - burst, 0);
        Poll::Ready(word())
    }

    /// Waits for the audience, which costs the call nothing. What is heard after the last delta would be
    /// counted with the next talk, so it is waited for, too.
    fn wait(&mut self) {
        let Some(audience) = self.talker.audience.clone() else { return };
        self.stop_clock();
        let said = self.talker.deltas - self.left;
        let since = Instant::now();
        while !audience.waits_after(said) {
            assert!(since.elapsed() < PATIENCE, "after {said} deltas: {audience:?}");
            spin_loop();
        }
    }

    fn stop_clock(&mut self) {
        if let Some(timer) = self.timer.take() {
            self.talker.add(timer);
        }
    }
}

fn word() -> ProviderEvent {
    ProviderEvent::TextDelta(WORD.to_owned())
}

impl Stream for Talk {
    type Item = Result<ProviderEvent, EngineError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ready > 0 {
            self.ready -= 1;
            return Poll::Ready(Some(Ok(word())));
        }
        self.rest(context).map(|event| Some(Ok(event)))
    }
}

/// Never answers, and knows how many calls are waiting for it.
#[derive(Clone, Debug, Default)]
pub struct Stalled {
    waiting: Arc<AtomicU64>,
}

impl Stalled {
    /// How many calls wait.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Acquire)
    }
}

impl Provider for Stalled {
    fn name(&self) -> &'static str {
        "stalled"
    }

    fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
        Box::pin(Silence { waiting: None, provider: self.clone() })
    }
}

struct Silence {
    waiting: Option<Waiting>,
    provider: Stalled,
}

struct Waiting(Arc<AtomicU64>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Stream for Silence {
    type Item = Result<ProviderEvent, EngineError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.waiting.is_none() {
            let waiting = Arc::clone(&self.provider.waiting);
            waiting.fetch_add(1, Ordering::AcqRel);
            self.waiting = Some(Waiting(waiting));
        }
        Poll::Pending
    }
}
