//! Waiting for what everybody waits for: a turn's end, an idle Worker, a stopped Runtime.
//!
//! Built on the stream, and free of races with what has happened already: each looks at the present
//! only after it has begun to listen.

use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, timeout_at};

use crate::{
    error::RuntimeError,
    event::{
        EventBody, EventFilter, EventType, EventsFrom, RuntimeEvent, Scope, StreamItem, Subscribe,
        Subscription,
    },
    identity::WorkerRef,
    model::{InputReceipt, WorkerState},
    queries::{GetTurn, GetWorker},
    runtime::Runtime,
};

/// Why waiting came to nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WaitError {
    /// The time is up; it may still happen.
    #[error("the time is up")]
    TimedOut,
    /// It will not happen in this Runtime: the Worker was deleted, or the Runtime has stopped.
    #[error("the stream ended before it happened")]
    Ended,
    /// It happened so long ago that the event is no longer kept.
    #[error("it has happened, and its event is no longer kept")]
    Expired,
    /// The question was refused.
    #[error(transparent)]
    Refused(#[from] RuntimeError),
}

impl Runtime {
    /// Waits for the end of the turn that an input began, and gives its terminal event.
    ///
    /// # Errors
    ///
    /// [`WaitError`]: the time is up, it will not happen, or it happened too long ago.
    pub async fn wait_turn(
        &self,
        receipt: InputReceipt,
        timeout: Duration,
    ) -> Result<RuntimeEvent, WaitError> {
        let until = Instant::now() + timeout;
        let InputReceipt { worker, turn_id, .. } = receipt;
        let ends = EventType::ALL.iter().copied().filter(|it| it.ends_turn()).collect();
        let mut stream = self.listen(worker, EventsFrom::oldest(), ends).await?;
        let over = self.handle(GetTurn::by_id(worker, turn_id)).await?.turn.outcome.is_some();
        loop {
            match next(&mut stream, until).await? {
                StreamItem::Event(it) if it.event.turn_id == Some(turn_id) => return Ok(it.event),
                // All that had happened was shown, and it was not among it.
                StreamItem::Synced { .. } if over => return Err(WaitError::Expired),
                StreamItem::Event(_)
                | StreamItem::Synced { .. }
                | StreamItem::Gap { .. }
                | StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. } => {}
                StreamItem::Ended { .. } => return Err(WaitError::Ended),
            }
        }
    }

    /// Waits until a Worker runs no turn, and gives its state: `idle`, or how it has ended.
    ///
    /// # Errors
    ///
    /// [`WaitError`]: the time is up, or the Worker or the Runtime is gone.
    pub async fn wait_idle(
        &self,
        worker: WorkerRef,
        timeout: Duration,
    ) -> Result<WorkerState, WaitError> {
        let until = Instant::now() + timeout;
        let changes = vec![EventType::WorkerStateChanged];
        let mut stream = self.listen(worker, EventsFrom::now(), changes).await?;
        let state = self.handle(GetWorker { worker }).await?.detail.state;
        if is_at_rest(state) {
            return Ok(state);
        }
        loop {
            match next(&mut stream, until).await? {
                StreamItem::Event(it) => {
                    if let EventBody::WorkerStateChanged { to, .. } = it.event.body
                        && is_at_rest(to)
                    {
                        return Ok(to);
                    }
                }
                StreamItem::Gap { .. } => {
                    let state = self.handle(GetWorker { worker }).await?.detail.state;
                    if is_at_rest(state) {
                        return Ok(state);
                    }
                }
                StreamItem::Synced { .. }
                | StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. } => {}
                StreamItem::Ended { .. } => return Err(WaitError::Ended),
            }
        }
    }

    /// Waits until the Runtime has stopped and given its store back.
    ///
    /// # Errors
    ///
    /// [`WaitError`]: the time is up.
    pub async fn wait_stopped(&self, timeout: Duration) -> Result<(), WaitError> {
        let until = Instant::now() + timeout;
        let types = Some(vec![EventType::RuntimeStopped]);
        let filter = EventFilter { types, labels: None };
        let mut stream = self.subscribe(Subscribe::to(Scope::runtime()).filter(filter)).await?;
        // The stream of a Runtime that has stopped ends too, so its state need not be asked for.
        while !matches!(next(&mut stream, until).await?, StreamItem::Ended { .. }) {}
        Ok(())
    }

    async fn listen(
        &self,
        worker: WorkerRef,
        from: EventsFrom,
        types: Vec<EventType>,
    ) -> Result<Subscription, RuntimeError> {
        let filter = EventFilter { types: Some(types), labels: None };
        self.subscribe(Subscribe::to(Scope::worker(worker)).from(from).filter(filter)).await
    }
}

fn is_at_rest(state: WorkerState) -> bool {
    match state {
        WorkerState::Idle | WorkerState::Stopped | WorkerState::Cancelled => true,
        WorkerState::Running | WorkerState::Stopping => false,
    }
}

async fn next(stream: &mut Subscription, until: Instant) -> Result<StreamItem, WaitError> {
    let next = std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context));
    match timeout_at(until, next).await {
        Ok(Some(item)) => Ok(item),
        Ok(None) => Err(WaitError::Ended),
        Err(_) => Err(WaitError::TimedOut),
    }
}
