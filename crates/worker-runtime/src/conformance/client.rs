//! A client of the store under test: every call has a time limit and a panic is a violation.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    conformance::{
        ids::new_uuid,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule, Violation},
    },
    identity::{Epoch, RuntimeId, WorkerId},
    store::{
        Batch, ChangePage, CorruptWorker, CreateKey, EventPage, FORMAT, FoundTurn, Lease,
        OpenError, OpenRequest, Opened, Store, StoreError, StoreFuture, StoredEntry, StoredEvent,
        StoredTurn, StoredWorker, TenantTotals, TurnLookup,
    },
    sync::Contained,
};

/// The duration of a lease that outlasts every check.
pub(super) const LONG_LEASE: Duration = Duration::from_hours(1);

/// The number of events that the store under test must keep of each Worker.
pub(super) const EVENTS_KEPT: u64 = 8;

/// The time limit of each call.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The size of a page when all items are read.
const PAGE: usize = 5;

/// An open store, and the lease under which the client calls the store.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) store: Arc<dyn Store>,
    pub(super) opened: Opened,
}

/// The request with which a restarted Runtime opens the store, without insisting on a Runtime id.
pub(super) fn request(lease_duration: Duration) -> OpenRequest {
    OpenRequest {
        runtime_id: None,
        new_runtime_id: RuntimeId::from_uuid(new_uuid()),
        format: FORMAT,
        epoch: Epoch::from_uuid(new_uuid()),
        lease_duration,
        events_per_worker: EVENTS_KEPT,
    }
}

/// Makes a call and returns its answer, which must come within the time limit.
pub(super) async fn answer<T: Unpin>(
    call: &str,
    ask: impl FnOnce() -> StoreFuture<T>,
) -> CheckResult<T> {
    match timeout(CALL_TIMEOUT, Contained::new(Box::pin(async { ask().await }))).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(Rule::Answers.violation(format!("`{call}` panicked"))),
        Err(_) => {
            Err(Rule::Answers.violation(format!("`{call}` did not answer within {CALL_TIMEOUT:?}")))
        }
    }
}

impl Client {
    pub(super) async fn open(store: Arc<dyn Store>) -> CheckResult<Self> {
        Self::open_as(store, request(LONG_LEASE)).await
    }

    pub(super) async fn open_as(store: Arc<dyn Store>, request: OpenRequest) -> CheckResult<Self> {
        let opened = Self::try_open(&store, request).await?;
        let opened = opened.map_err(|error| {
            Rule::Accepted.violation(format!("`open` of a store that has no owner failed: {error}"))
        })?;
        Ok(Self { store, opened })
    }

    pub(super) async fn try_open(
        store: &Arc<dyn Store>,
        request: OpenRequest,
    ) -> CheckResult<Result<Opened, OpenError>> {
        answer("open", || store.open(request)).await
    }

    /// Releases the store and opens it again, which refreshes the totals in `opened`.
    pub(super) async fn open_again(&mut self) -> CheckResult {
        self.release().await?;
        *self = Self::open(Arc::clone(&self.store)).await?;
        Ok(())
    }

    pub(super) fn lease(&self) -> Lease {
        self.opened.lease
    }

    pub(super) async fn release(&self) -> CheckResult {
        let released = answer("release", || self.store.release(self.lease())).await?;
        released.map_err(|error| Rule::Release.violation(format!("`release` failed: {error}")))
    }

    pub(super) async fn commit(&self, batch: Batch) -> CheckResult<Result<(), StoreError>> {
        answer("commit", || self.store.commit(&batch)).await
    }

    /// Commits a batch that the store must accept, and applies the batch to the model.
    pub(super) async fn apply(&self, model: &mut ReferenceModel, batch: Batch) -> CheckResult {
        let kept = batch.clone();
        self.commit(batch).await?.map_err(|error| {
            Rule::Accepted.violation(format!(
                "the commit of version {} failed: {error}",
                kept.expected_version + 1
            ))
        })?;
        model.apply(&kept);
        Ok(())
    }

    pub(super) async fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> CheckResult<Vec<Arc<StoredEntry>>> {
        let ask = || self.store.entries(worker_id, first, limit);
        readable("entries", answer("entries", ask).await?)
    }

    pub(super) async fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> CheckResult<Vec<Arc<StoredTurn>>> {
        let ask = || self.store.turns(worker_id, first, limit);
        readable("turns", answer("turns", ask).await?)
    }

    pub(super) async fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnLookup,
    ) -> CheckResult<Option<FoundTurn>> {
        let ask = || self.store.turn(worker_id, selector);
        readable("turn", answer("turn", ask).await?)
    }

    pub(super) async fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> CheckResult<EventPage> {
        let ask = || self.store.events(worker_id, after, limit);
        readable("events", answer("events", ask).await?)
    }

    pub(super) async fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> CheckResult<Vec<Result<StoredWorker, CorruptWorker>>> {
        let ask = || self.store.workers(after, limit);
        readable("workers", answer("workers", ask).await?)
    }

    /// All Workers, read page by page until a page is empty.
    pub(super) async fn all_workers(
        &self,
    ) -> CheckResult<Vec<Result<StoredWorker, CorruptWorker>>> {
        let (mut all, mut last) = (Vec::new(), 0);
        loop {
            let page = self.workers(last, PAGE).await?;
            let ordinals = page.iter().map(|listed| match listed {
                Ok(worker) => worker.record.ordinal,
                Err(unreadable) => unreadable.ordinal,
            });
            let Some(next) = ordinals.max() else { return Ok(all) };
            Rule::Workers.expect(next > last, || {
                format!("the page of Workers after {last} ends with {next}")
            })?;
            last = next;
            all.extend(page);
        }
    }

    pub(super) async fn create_keys(&self) -> CheckResult<Vec<CreateKey>> {
        readable("create_keys", answer("create_keys", || self.store.create_keys()).await?)
    }

    /// The totals of all tenants, read in pages of `limit` until a page is empty.
    pub(super) async fn tenant_totals(&self, limit: usize) -> CheckResult<Vec<TenantTotals>> {
        let mut all: Vec<TenantTotals> = Vec::new();
        loop {
            let after = all.last().map(|last| Arc::clone(&last.tenant));
            let ask = || self.store.tenant_totals(after.clone(), limit);
            let page = readable("tenant_totals", answer("tenant_totals", ask).await?)?;
            let from = after.iter().chain(page.iter().map(|of| &of.tenant));
            let ascends = from.is_sorted_by(|one, next| one < next);
            Rule::TenantTotals.expect(ascends && page.len() <= limit, || {
                let names: Vec<&Arc<str>> = page.iter().map(|of| &of.tenant).collect();
                format!("the page of at most {limit} tenants after {after:?} is {names:?}")
            })?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// A page of the store's feed, or `None` if the store keeps none.
    pub(super) async fn changes(
        &self,
        after: u64,
        limit: usize,
    ) -> CheckResult<Option<ChangePage>> {
        let ask = || self.store.changes(after, limit);
        let Some(page) = readable("changes", answer("changes", ask).await?)? else {
            return Ok(None);
        };
        let numbers: Vec<u64> = page.changes.iter().map(|change| change.number).collect();
        let ascends = std::iter::once(&after).chain(&numbers).is_sorted_by(|one, next| one < next);
        Rule::Feed.expect(ascends && numbers.len() <= limit, || {
            format!("the page of at most {limit} changes after {after} has the numbers {numbers:?}")
        })?;
        Ok(Some(page))
    }

    /// The Worker of the model as `workers` lists it.
    pub(super) async fn worker(&self, model: &ReferenceModel) -> CheckResult<Option<StoredWorker>> {
        let page = self.workers(model.ordinal - 1, 1).await?;
        let found = page.into_iter().filter_map(Result::ok);
        Ok(found.into_iter().find(|worker| worker.record.worker_id == model.worker_id))
    }

    pub(super) async fn all_entries(
        &self,
        worker_id: WorkerId,
    ) -> CheckResult<Vec<Arc<StoredEntry>>> {
        let mut all = Vec::new();
        loop {
            let page = self.entries(worker_id, all.len() as u64 + 1, PAGE).await?;
            if append_page("entries", &mut all, page)? {
                return Ok(all);
            }
        }
    }

    pub(super) async fn all_turns(&self, worker_id: WorkerId) -> CheckResult<Vec<Arc<StoredTurn>>> {
        let mut all = Vec::new();
        loop {
            let page = self.turns(worker_id, all.len() as u64 + 1, PAGE).await?;
            if append_page("turns", &mut all, page)? {
                return Ok(all);
            }
        }
    }

    /// All events that the store has kept, and the sequence of the oldest.
    pub(super) async fn all_events(
        &self,
        worker_id: WorkerId,
    ) -> CheckResult<(u64, Vec<StoredEvent>)> {
        let mut all = Vec::new();
        let first = self.events(worker_id, 0, PAGE).await?;
        let mut events = first.events;
        while !append_page("events", &mut all, events)? {
            let after = first.oldest + all.len() as u64 - 1;
            events = self.events(worker_id, after, PAGE).await?.events;
        }
        Ok((first.oldest, all))
    }
}

/// Appends a page to `all` and returns whether it was the last page. More items than the kit ever
/// writes mean that the pages do not end.
fn append_page<T>(noun: &str, all: &mut Vec<T>, page: Vec<T>) -> CheckResult<bool> {
    const MAX_ITEMS: usize = 10_000;
    let is_last = page.len() < PAGE;
    all.extend(page);
    Rule::Pages.expect(all.len() <= MAX_ITEMS, || format!("the pages of {noun} do not end"))?;
    Ok(is_last)
}

fn readable<T>(call: &str, answer: Result<T, StoreError>) -> Result<T, Violation> {
    answer.map_err(|error| Rule::Answers.violation(format!("`{call}` failed: {error}")))
}
