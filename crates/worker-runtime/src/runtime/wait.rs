//! Waits for common events: the end of a turn, an idle Worker, a stopped Runtime.
//!
//! Each wait reads a live stream, and misses nothing that happens meanwhile: the stream begins
//! before the current state is read, or at the cursor that was returned with that state.

use std::{pin::pin, time::Duration};

use futures_core::Stream;

use crate::{
    background::lease,
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    model::{
        EventBody, EventFilter, EventType, EventsFrom, InputReceipt, RuntimeEvent, Scope,
        StreamItem, Subscribe, WorkerState,
    },
    queries::{GetTurn, GetWorker, ReadEvents},
    runtime::Runtime,
    state::view::Reader,
    stream::Subscription,
    sync::fair,
};

/// The number of newest events in which the end of a turn is looked for first.
const FIRST_EVENTS: u64 = 64;

/// The reason why a wait failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is up. The awaited event may still happen.
    #[error("the time is up")]
    TimedOut,
    /// The awaited event will not happen in this Runtime: the Worker was deleted, or the Runtime
    /// has stopped.
    #[error("the stream ended before it happened")]
    Ended,
    /// The turn ended so long ago that its terminal event is no longer kept.
    #[error("it has happened, and its event is no longer kept")]
    Expired,
    /// The request was refused: the Worker or the turn does not exist, or all `subscriptions`
    /// places are taken.
    #[error(transparent)]
    Refused(RuntimeError),
}

impl From<RuntimeError> for WaitError {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::RuntimeStopped {} => Self::Ended,
            error => Self::Refused(error),
        }
    }
}

impl Runtime {
    /// Waits for the end of the turn that an input began, and returns its terminal event. While the
    /// turn runs, the wait takes one of the `subscriptions` places.
    ///
    /// # Errors
    ///
    /// Returns a [`WaitError`] if the time is up, if the turn will not end in this Runtime, if it
    /// ended too long ago, or if the request was refused.
    pub async fn wait_turn(
        &self,
        receipt: InputReceipt,
        timeout: Duration,
    ) -> Result<RuntimeEvent, WaitError> {
        let end = async {
            loop {
                if let Some(end) = self.look_for_end(receipt).await? {
                    return Ok(end);
                }
                fair().await;
            }
        };
        self.within(timeout, end).await
    }

    /// Waits until a Worker runs no turn, and returns its state: `idle`, `stopped` or `cancelled`.
    /// The wait takes one of the `subscriptions` places.
    ///
    /// # Errors
    ///
    /// Returns a [`WaitError`] if the time is up, if the Worker or the Runtime is gone, or if the
    /// request was refused.
    pub async fn wait_idle(
        &self,
        worker: WorkerRef,
        timeout: Duration,
    ) -> Result<WorkerState, WaitError> {
        self.within(timeout, self.look_for_rest(worker)).await
    }

    /// Waits until the Runtime has stopped and released its store.
    ///
    /// # Errors
    ///
    /// Returns [`WaitError::TimedOut`] if the time is up.
    pub async fn wait_stopped(&self, timeout: Duration) -> Result<(), WaitError> {
        let ended = Reader::of(&self.owner.caller).wait_for_end();
        let stopped = async {
            ended.await;
            Ok(())
        };
        self.within(timeout, stopped).await
    }

    /// Returns the terminal event of a turn, or `None` if the log has dropped events that were not
    /// read yet, so that the caller must try again.
    async fn look_for_end(&self, receipt: InputReceipt) -> Result<Option<RuntimeEvent>, WaitError> {
        let InputReceipt { worker, turn_id, .. } = receipt;
        let shown = self.handle(GetTurn::new(worker, turn_id)).await?;
        if shown.turn.outcome.is_some() {
            return self.find_end(worker, turn_id).await.map(Some);
        }
        // The end of a turn that still runs comes after the reply's cursor, wherever the log ends
        // by now.
        let mut stream = match self.listen(worker, EventsFrom::after(shown.cursor), ends()).await {
            Err(RuntimeError::CursorExpired { .. }) => return Ok(None),
            listened => listened?,
        };
        loop {
            match next(&mut stream).await? {
                StreamItem::Event(it) if it.event.turn_id == Some(turn_id) => {
                    return Ok(Some(it.event.clone()));
                }
                StreamItem::Event(_)
                | StreamItem::Reset { .. }
                | StreamItem::Synced { .. }
                | StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. }
                | StreamItem::Unknown(_) => {}
                StreamItem::Gap { .. } => return Ok(None),
                StreamItem::Ended { .. } => return Err(WaitError::Ended),
            }
        }
    }

    /// Returns the terminal event of a turn that has ended, from the events that are kept.
    ///
    /// The turn has usually just ended, so the newest events are read first, and then more and more
    /// of them, not the whole log.
    async fn find_end(
        &self,
        worker: WorkerRef,
        turn_id: TurnId,
    ) -> Result<RuntimeEvent, WaitError> {
        let newest = self.handle(GetWorker { worker }).await?.detail.worker_sequence;
        let mut count = FIRST_EVENTS;
        loop {
            let after = newest.saturating_sub(count);
            match self.find_end_after(worker, turn_id, after).await? {
                Some(end) => return Ok(end),
                None if after == 0 => return Err(WaitError::Expired),
                None => count = count.saturating_mul(4),
            }
        }
    }

    /// Looks for the terminal event of a turn in the events after a sequence.
    async fn find_end_after(
        &self,
        worker: WorkerRef,
        turn_id: TurnId,
        after: u64,
    ) -> Result<Option<RuntimeEvent>, WaitError> {
        let filter = EventFilter { types: Some(ends()), ..EventFilter::default() };
        let mut read = ReadEvents::new(Scope::worker(worker)).filter(filter);
        read.from = Some(EventsFrom::after_sequence(after));
        loop {
            let page = match self.handle(read.clone()).await {
                // Events were dropped that were not read yet, and the end may be among them.
                Err(RuntimeError::CursorExpired { earliest }) => {
                    read.from = Some(EventsFrom::after(earliest));
                    continue;
                }
                page => page?,
            };
            let end = page.items.into_iter().find(|it| it.turn_id == Some(turn_id));
            if end.is_some() || !page.more {
                return Ok(end);
            }
            read.from = Some(EventsFrom::after(page.next));
        }
    }

    async fn look_for_rest(&self, worker: WorkerRef) -> Result<WorkerState, WaitError> {
        let changes = vec![EventType::WorkerStateChanged];
        let mut stream = self.listen(worker, EventsFrom::now(), changes).await?;
        let state = self.handle(GetWorker { worker }).await?.detail.state;
        if is_at_rest(state) {
            return Ok(state);
        }
        loop {
            match next(&mut stream).await? {
                StreamItem::Event(it) => {
                    if let EventBody::WorkerStateChanged { to, .. } = it.event.body
                        && is_at_rest(to)
                    {
                        return Ok(to);
                    }
                }
                StreamItem::Gap { .. } => {
                    // If the Worker was deleted, the stream ends and says so.
                    if let Ok(shown) = self.handle(GetWorker { worker }).await
                        && is_at_rest(shown.detail.state)
                    {
                        return Ok(shown.detail.state);
                    }
                }
                StreamItem::Reset { .. }
                | StreamItem::Synced { .. }
                | StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. }
                | StreamItem::Unknown(_) => {}
                StreamItem::Ended { .. } => return Err(WaitError::Ended),
            }
        }
    }

    /// Waits for no longer than `timeout`.
    async fn within<T>(
        &self,
        timeout: Duration,
        wait: impl Future<Output = Result<T, WaitError>>,
    ) -> Result<T, WaitError> {
        let core = &self.owner.caller.core;
        let (until, mut wait) = (core.executor.after(timeout), pin!(wait));
        if let Some(waited) = core.executor.within(until, wait.as_mut()).await {
            return waited;
        }
        if until.is_some_and(|until| core.executor.now() >= until) {
            return Err(WaitError::TimedOut);
        }
        // The tokio runtime is gone. This may be seen here before the task that keeps the lease is
        // dropped.
        lease::end(core);
        wait.await
    }

    async fn listen(
        &self,
        worker: WorkerRef,
        from: EventsFrom,
        types: Vec<EventType>,
    ) -> Result<Subscription, RuntimeError> {
        let filter = EventFilter { types: Some(types), ..EventFilter::default() };
        self.subscribe(Subscribe::new(Scope::worker(worker)).starting_at(from).filter(filter)).await
    }
}

/// The types of the events that end turns.
fn ends() -> Vec<EventType> {
    EventType::ALL.iter().copied().filter(|it| it.ends_turn()).collect()
}

fn is_at_rest(state: WorkerState) -> bool {
    match state {
        WorkerState::Idle | WorkerState::Stopped | WorkerState::Cancelled => true,
        WorkerState::Running | WorkerState::Stopping => false,
    }
}

async fn next(stream: &mut Subscription) -> Result<StreamItem, WaitError> {
    let next = std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context));
    next.await.ok_or(WaitError::Ended)
}
