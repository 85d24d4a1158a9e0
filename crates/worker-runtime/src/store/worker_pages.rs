//! The checked reads when a Runtime is built: the keys of creations, and the listing of all Workers.

use std::{collections::HashSet, fmt, sync::Arc};

use super::within_range::{self, MOST_AT_START};
use crate::{
    identity::WorkerId,
    model::MAX_INTEGER,
    store::{
        Complaint, CorruptWorker, CreateKey, Store, StoreClient, StoreError, StoreFuture,
        StoredWorker, TenantTotals, WorkerRecord,
    },
    sync::fair,
};

/// The number of Workers that are read from the store at once. A store may answer fewer, so that a
/// page is not too large.
const PAGE: usize = 512;

/// The number of Workers past those that were ever created at which a listing is endless. A store
/// that has lost part of its totals is still read.
const ROOM: u64 = 10_000;

/// A Worker of the listing. One whose record cannot be used is reported and sinks nothing else.
type Listed = Result<StoredWorker, CorruptWorker>;

/// The reason why the keys or the Workers could not be listed.
#[derive(Debug)]
pub(crate) enum ListingError {
    /// The store could not be read.
    Read(StoreError),
    /// The Workers do not come by ascending ordinal, or a page does not begin after the last one.
    Order,
    /// A Worker comes twice.
    Twice,
    /// The tenants do not come by their names, or a page does not begin after the last one.
    Tenants,
    /// There are more Workers than were ever created.
    Endless,
}

impl fmt::Display for ListingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Order => f.write_str("it does not list its workers by ordinal"),
            Self::Twice => f.write_str("it lists a worker twice"),
            Self::Tenants => f.write_str("it does not list its tenants by name"),
            Self::Endless => f.write_str("it lists more workers than were ever created"),
        }
    }
}

/// Reads the Workers page by page.
pub(crate) struct WorkerPages<'a> {
    client: &'a StoreClient,
    /// The answer to the next page, which the store is asked for while the present one is restored.
    ahead: Option<Asked>,
    /// The last ordinal.
    last: u64,
    /// The last ordinal that a Worker can have.
    last_good: u64,
    /// Whether no page can follow.
    is_over: bool,
    /// The most Workers that may still come.
    left: u64,
    seen: HashSet<WorkerId>,
}

impl StoreClient {
    /// Reads the idempotency keys of creations. Every key is kept, so that no creation is carried
    /// out twice; numbers out of range are not. Of a key that comes twice the first is kept.
    pub(crate) async fn create_keys(&self) -> Result<Vec<CreateKey>, ListingError> {
        let mut keys = self.ask(Store::create_keys).await.map_err(ListingError::Read)?;
        let surplus = keys.len().saturating_sub(self.bounds.create_keys);
        if surplus > 0 {
            // The oldest keys are the first that are forgotten.
            self.complaints.make(Complaint::TooMany, None);
            keys.drain(..surplus);
        }
        let mut seen = HashSet::new();
        keys.retain(|key| {
            let is_good = self.bounds.key(&key.key).is_ok() && seen.insert(Arc::clone(&key.key));
            if !is_good {
                self.complaints.make(Complaint::Keys, Some(key.worker_id));
            }
            is_good
        });
        for key in &mut keys {
            let at_ms = key.at_ms.min(MAX_INTEGER);
            let receipt = key.receipt.filter(|(_, entry)| (1..=MAX_INTEGER).contains(entry));
            if (at_ms, receipt) != (key.at_ms, key.receipt) {
                self.complaints.make(Complaint::Keys, None);
                (key.at_ms, key.receipt) = (at_ms, receipt);
            }
        }
        Ok(keys)
    }

    /// Takes the receipt from the key of a creation if it names a turn or an entry that the Worker
    /// with this record cannot have. The key is kept, so that the creation is not carried out twice.
    pub(crate) fn check_receipt(&self, key: &mut CreateKey, record: &WorkerRecord) {
        if within_range::create_key(key, record).is_err() {
            self.complaints.make(Complaint::Keys, Some(key.worker_id));
            key.receipt = None;
        }
    }

    /// Reads a page of the totals of tenants, those after the tenant `last`. Returns `None` after the
    /// last one.
    pub(crate) async fn tenant_totals(
        &self,
        last: Option<Arc<str>>,
    ) -> Result<Option<Vec<TenantTotals>>, ListingError> {
        let after = last.clone();
        let page = self.ask(move |store| store.tenant_totals(after, PAGE)).await;
        let page = self.cut(page.map_err(ListingError::Read)?, PAGE, None);
        let mut last = last.as_ref();
        for TenantTotals { tenant, .. } in &page {
            if last.is_some_and(|last| tenant <= last) {
                return Err(ListingError::Tenants);
            }
            last = Some(tenant);
        }
        let is_good = |it: &TenantTotals| {
            let is_good = !it.tenant.is_empty() && self.bounds.key(&it.tenant).is_ok();
            if !is_good {
                self.complaints.make(Complaint::Totals, None);
            }
            is_good
        };
        let is_over = page.is_empty();
        fair().await;
        Ok((!is_over).then(|| page.into_iter().filter(is_good).collect()))
    }

    /// Reports that the sums over all Workers are less than what the Workers add up to.
    pub(crate) fn totals_are_less(&self) {
        self.complaints.make(Complaint::Totals, None);
    }

    /// Lists the Workers of a store in which `created` Workers were ever created.
    pub(crate) fn worker_pages(&self, created: u64) -> WorkerPages<'_> {
        let left = created.saturating_add(ROOM);
        WorkerPages {
            client: self,
            ahead: None,
            last: 0,
            last_good: 0,
            is_over: false,
            left,
            seen: HashSet::new(),
        }
    }
}

/// An answer of the store to a page of Workers.
type Asked = StoreFuture<Result<Vec<Listed>, StoreError>>;

fn ordinal_of(listed: &Listed) -> u64 {
    match listed {
        Ok(worker) => worker.record.ordinal,
        Err(unreadable) => unreadable.ordinal,
    }
}

impl WorkerPages<'_> {
    /// Returns the next Workers, or `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Listed>>, ListingError> {
        if self.is_over {
            return Ok(None);
        }
        let asked = self.ahead.take().unwrap_or_else(|| self.ask_after(self.last));
        let page = asked.await;
        fair().await;
        let page = self.client.cut(page.map_err(ListingError::Read)?, PAGE, None);
        let Some(last) = page.last() else { return Ok(None) };
        let last = ordinal_of(last);
        if last <= MOST_AT_START {
            self.ahead = Some(self.ask_after(last));
        }
        page.into_iter().map(|listed| self.check(listed)).collect::<Result<_, _>>().map(Some)
    }

    fn ask_after(&self, ordinal: u64) -> Asked {
        self.client.ask(|store| store.workers(ordinal, PAGE))
    }

    /// Returns the greatest ordinal that came and that a Worker can have.
    pub(crate) fn last_ordinal(&self) -> u64 {
        self.last_good
    }

    fn check(&mut self, listed: Listed) -> Result<Listed, ListingError> {
        let ordinal = ordinal_of(&listed);
        let worker_id = match &listed {
            Ok(worker) => Some(worker.record.worker_id),
            Err(unreadable) => unreadable.worker_id,
        };
        if ordinal <= self.last {
            return Err(ListingError::Order);
        }
        self.last = ordinal;
        if ordinal <= MOST_AT_START {
            self.last_good = ordinal;
        } else {
            // Nothing in range follows, and a store need not take this ordinal as an argument.
            self.is_over = true;
        }
        self.left = self.left.checked_sub(1).ok_or(ListingError::Endless)?;
        if worker_id.is_some_and(|it| !self.seen.insert(it)) {
            return Err(ListingError::Twice);
        }
        let corrupt = |problem| CorruptWorker { worker_id, ordinal, problem };
        Ok(match listed {
            Ok(mut worker) => match within_range::restored(&mut worker, &self.client.bounds) {
                Ok(()) => Ok(worker),
                Err(problem) => Err(corrupt(problem.to_owned())),
            },
            Err(unreadable) => Err(corrupt(unreadable.problem)),
        })
    }
}
