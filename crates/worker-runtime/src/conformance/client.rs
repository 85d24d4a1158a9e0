//! A store under check: bounded calls, and everything of a Worker read back.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    clock::{Clock, IdSource, SystemClock, UuidV7},
    conformance::{
        reference_model::Mirror,
        rule::{Checked, Rule, Violation},
    },
    identity::{Epoch, RuntimeId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened, Store, StoreError,
        StoreFuture, StoredEvent, StoredWorker, TurnSelector, Unreadable,
    },
    sync::Contained,
};

/// A lease that outlasts every check.
pub(super) const LONG_LEASE_MS: u64 = 3_600_000;

/// Events that the checked store must keep of each Worker.
pub(super) const EVENTS_KEPT: u64 = 8;

const PATIENCE: Duration = Duration::from_secs(30);

/// Items that are read at once when everything is read.
const PAGE: usize = 5;

/// An opened store.
#[derive(Clone)]
pub(super) struct Probe {
    pub(super) store: Arc<dyn Store>,
    pub(super) opened: Opened,
}

/// A request by a new start of whichever Runtime the store belongs to.
pub(super) fn request(lease_ms: u64) -> OpenRequest {
    OpenRequest {
        runtime_id: None,
        new_runtime_id: RuntimeId::from_uuid(new_uuid()),
        epoch: Epoch::from_uuid(new_uuid()),
        lease_ms,
        events_per_worker: EVENTS_KEPT,
    }
}

pub(super) fn new_uuid() -> uuid::Uuid {
    UuidV7.next(SystemClock.now_ms())
}

/// The answer to a call, which must come in time.
pub(super) async fn answer<T: Unpin>(
    call: &str,
    ask: impl FnOnce() -> StoreFuture<T>,
) -> Checked<T> {
    match timeout(PATIENCE, Contained::new(Box::pin(async { ask().await }))).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(Rule::Answers.broken(format!("`{call}` panicked"))),
        Err(_) => Err(Rule::Answers.broken(format!("`{call}` did not answer"))),
    }
}

impl Probe {
    pub(super) async fn open(store: Arc<dyn Store>) -> Checked<Self> {
        Self::open_as(store, request(LONG_LEASE_MS)).await
    }

    pub(super) async fn open_as(store: Arc<dyn Store>, request: OpenRequest) -> Checked<Self> {
        let opened = Self::try_open(&store, request).await?;
        let opened = opened.map_err(|error| {
            Rule::Accepted.broken(format!("`open` of a store that nobody owns: {error}"))
        })?;
        Ok(Self { store, opened })
    }

    pub(super) async fn try_open(
        store: &Arc<dyn Store>,
        request: OpenRequest,
    ) -> Checked<Result<Opened, OpenError>> {
        answer("open", || store.open(request)).await
    }

    /// Gives the store back and takes it anew, which shows the totals.
    pub(super) async fn open_again(&mut self) -> Checked {
        self.release().await?;
        *self = Self::open(Arc::clone(&self.store)).await?;
        Ok(())
    }

    pub(super) fn lease(&self) -> Lease {
        self.opened.lease
    }

    pub(super) async fn release(&self) -> Checked {
        let released = answer("release", || self.store.release(self.lease())).await?;
        released.map_err(|error| Rule::Release.broken(format!("`release` failed: {error}")))
    }

    pub(super) async fn commit(&self, batch: Batch) -> Checked<Result<(), StoreError>> {
        answer("commit", || self.store.commit(&batch)).await
    }

    /// Commits what must be taken, and follows it in the mirror.
    pub(super) async fn apply(&self, mirror: &mut Mirror, batch: Batch) -> Checked {
        let kept = batch.clone();
        self.commit(batch).await?.map_err(|error| {
            Rule::Accepted.broken(format!("version {} failed: {error}", kept.expected_version + 1))
        })?;
        mirror.apply(&kept);
        Ok(())
    }

    pub(super) async fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> Checked<Vec<Arc<TranscriptEntry>>> {
        let ask = || self.store.entries(worker_id, first, limit);
        readable("entries", answer("entries", ask).await?)
    }

    pub(super) async fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> Checked<Vec<Arc<TurnDetail>>> {
        let ask = || self.store.turns(worker_id, first, limit);
        readable("turns", answer("turns", ask).await?)
    }

    pub(super) async fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnSelector,
    ) -> Checked<Option<Arc<TurnDetail>>> {
        let ask = || self.store.turn(worker_id, selector);
        readable("turn", answer("turn", ask).await?)
    }

    pub(super) async fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> Checked<EventPage> {
        let ask = || self.store.events(worker_id, after, limit);
        readable("events", answer("events", ask).await?)
    }

    pub(super) async fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> Checked<Vec<Result<StoredWorker, Unreadable>>> {
        let ask = || self.store.workers(after, limit);
        readable("workers", answer("workers", ask).await?)
    }

    pub(super) async fn create_keys(&self) -> Checked<Vec<CreateKey>> {
        readable("create_keys", answer("create_keys", || self.store.create_keys()).await?)
    }

    /// A Worker as it is listed.
    pub(super) async fn worker(&self, mirror: &Mirror) -> Checked<Option<StoredWorker>> {
        let page = self.workers(mirror.ordinal - 1, 1).await?;
        let found = page.into_iter().filter_map(Result::ok);
        Ok(found.into_iter().find(|it| it.record.worker_id == mirror.worker_id))
    }

    pub(super) async fn all_entries(
        &self,
        worker_id: WorkerId,
    ) -> Checked<Vec<Arc<TranscriptEntry>>> {
        let mut all = Vec::new();
        loop {
            let page = self.entries(worker_id, all.len() as u64 + 1, PAGE).await?;
            if is_last("entries", &mut all, page)? {
                return Ok(all);
            }
        }
    }

    pub(super) async fn all_turns(&self, worker_id: WorkerId) -> Checked<Vec<Arc<TurnDetail>>> {
        let mut all = Vec::new();
        loop {
            let page = self.turns(worker_id, all.len() as u64 + 1, PAGE).await?;
            if is_last("turns", &mut all, page)? {
                return Ok(all);
            }
        }
    }

    /// Every event that is kept, and the sequence of the first one.
    pub(super) async fn all_events(&self, worker_id: WorkerId) -> Checked<(u64, Vec<StoredEvent>)> {
        let mut all = Vec::new();
        let first = self.events(worker_id, 0, PAGE).await?;
        let mut events = first.events;
        while !is_last("events", &mut all, events)? {
            let after = first.oldest + all.len() as u64 - 1;
            events = self.events(worker_id, after, PAGE).await?.events;
        }
        Ok((first.oldest, all))
    }
}

/// Adds a page to what was read before it. More than was ever written is no end in sight.
fn is_last<T>(what: &str, all: &mut Vec<T>, page: Vec<T>) -> Checked<bool> {
    const MOST: usize = 1_000;
    let is_last = page.len() < PAGE;
    all.extend(page);
    Rule::Pages.expect(all.len() <= MOST, || format!("the pages of {what} do not end"))?;
    Ok(is_last)
}

fn readable<T>(call: &str, answer: Result<T, StoreError>) -> Result<T, Violation> {
    answer.map_err(|error| Rule::Answers.broken(format!("`{call}` failed: {error}")))
}
