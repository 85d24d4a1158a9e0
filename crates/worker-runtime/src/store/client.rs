//! A Runtime's access to its store: every call is contained and bounded in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    identity::WorkerId,
    model::Limits,
    store::{
        Batch, Complaints, Lease, OpenError, OpenRequest, Opened, Settlement, Store, StoreError,
        StoreFuture, StoreInfo, bounds::Bounds, guard::guarded, recent_entries::RecentEntries,
        within_range::MOST_AT_START,
    },
    sync::{Executor, Foreign, contained},
};

/// The store of a Runtime that owns it.
///
/// The store is foreign code, and may hang or panic. A call that panics fails at once with
/// [`StoreError::Unknown`], and so does a call without an answer after its time limit, which is
/// measured by the clock of the executor. What the store answers is checked (`reads.rs`,
/// `worker_pages.rs`); no other code sees an answer.
pub(crate) struct StoreClient {
    store: Foreign<Arc<dyn Store>>,
    info: StoreInfo,
    lease: Lease,
    /// The time after which another Runtime may own the store, by this Runtime's own clock.
    lease_until: Mutex<Option<Instant>>,
    lost_lease: AtomicBool,
    executor: Executor,
    /// The time limit of a commit, and of every call without a limit of its own.
    time_out: Duration,
    /// The number of commits, and of renewals and releases of the lease, that failed so far.
    failures: AtomicU64,
    pub(super) complaints: Complaints,
    pub(super) bounds: Bounds,
    /// The number of newest events that the store must keep for each Worker.
    pub(super) events_kept: u64,
    /// The greatest ordinal of the Workers that were restored.
    restored_until: AtomicU64,
    /// The newest entries of busy Workers, which are not read again.
    pub(crate) recent: RecentEntries,
}

/// The most entries of one Worker that are kept in memory. A longer history is read from the store.
const RECENT_OF_ONE: usize = 2048;

/// The most characters of the kind of a store.
const KIND_CHARS: usize = 64;

type Answer<T> = StoreFuture<Result<T, StoreError>>;

impl StoreClient {
    /// Opens the store for a Runtime, which then owns it.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        request: OpenRequest,
        executor: Executor,
        limits: &Limits,
    ) -> Result<(Self, Opened), OpenError> {
        let time_out = Duration::from_millis(limits.commit_ms);
        let store = Foreign::new(store);
        // The lease may have begun when the store was asked for it.
        let asked_at = executor.now();
        let opened =
            guarded(&executor, time_out, OpenError::Failed, || store.open(request)).await?;
        let mut client = Self {
            store,
            info: StoreInfo { kind: String::new(), durable: false },
            lease: opened.lease,
            lease_until: Mutex::new(asked_at.checked_add(request.lease_duration)),
            lost_lease: AtomicBool::new(false),
            executor,
            time_out,
            failures: AtomicU64::new(0),
            complaints: Complaints::default(),
            bounds: Bounds::of(limits),
            events_kept: request.events_per_worker,
            restored_until: AtomicU64::new(u64::MAX),
            recent: RecentEntries::new(RECENT_OF_ONE),
        };
        match client.look(&request, &opened) {
            Ok(info) => client.info = info,
            Err(error) => {
                // A lease that could not be released runs out by itself.
                let _ = client.release(time_out).await;
                return Err(error);
            }
        }
        Ok((client, opened))
    }

    /// Checks what the store said when it was opened, and returns its description of itself.
    fn look(&self, request: &OpenRequest, opened: &Opened) -> Result<StoreInfo, OpenError> {
        let runtime_id = opened.runtime_id;
        if request.runtime_id.is_some_and(|wanted| wanted != runtime_id) {
            return Err(OpenError::OtherRuntime { runtime_id });
        }
        if opened.totals.created > MOST_AT_START {
            let problem = "it says that more workers were created than can be counted";
            return Err(OpenError::Failed(problem.to_owned()));
        }
        let info = contained(|| self.store.info());
        let info = info.ok_or_else(|| OpenError::Failed("the store panicked".to_owned()))?;
        let kind = info.kind.chars().filter(|it| !it.is_control()).take(KIND_CHARS).collect();
        Ok(StoreInfo { kind, ..info })
    }

    /// Notes that every Worker up to this ordinal was restored, so that later ones are of this run.
    pub(crate) fn restored_until(&self, ordinal: u64) {
        self.restored_until.store(ordinal, Ordering::Relaxed);
    }

    /// Whether the Worker with this ordinal was created by the Runtime that has the store open.
    pub(super) fn is_of_this_run(&self, ordinal: u64) -> bool {
        ordinal > self.restored_until.load(Ordering::Relaxed)
    }

    /// Returns the complaints about the store.
    pub(crate) fn complaints(&self) -> &Complaints {
        &self.complaints
    }

    /// Reads from the store with the time limit of a commit. An answer that is not ready is waited
    /// for in a task, whoever asks. The answer is not checked.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        match self.ask_within(self.time_out, ask).into_ready() {
            Ok(answer) => StoreFuture::ready(answer),
            Err(answer) => {
                let answer = self.executor.run(answer);
                let gone = || Err(StoreError::Unknown("the tokio runtime is gone".to_owned()));
                StoreFuture::pending(async move { answer.await.unwrap_or_else(gone) })
            }
        }
    }

    /// Calls the store, which has to answer within the duration `within`.
    fn ask_within<T: Send + 'static>(
        &self,
        within: Duration,
        ask: impl FnOnce(&dyn Store) -> Answer<T>,
    ) -> Answer<T> {
        guarded(&self.executor, within, StoreError::Unknown, || ask(&**self.store))
    }

    /// Commits a batch.
    pub(crate) fn commit(&self, batch: &Batch) -> Answer<()> {
        self.ask_within(self.time_out, |store| store.commit(batch))
    }

    /// Asks whether the commit that would have brought a Worker to `version` took effect.
    pub(crate) fn settle(&self, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.ask_within(self.time_out, |store| store.settle(self.lease, worker_id, version))
    }

    /// Renews the lease for `duration`, and waits for the answer no longer than `within`.
    pub(crate) fn renew(&self, duration: Duration, within: Duration) -> Answer<()> {
        self.ask_within(within, |store| store.renew(self.lease, duration))
    }

    /// Notes that the lease was renewed, and that the store had been asked to at `asked_at`.
    pub(crate) fn lease_renewed(&self, asked_at: Instant, duration: Duration) {
        *self.lease_until.lock() = asked_at.checked_add(duration);
    }

    /// Returns the time until the lease runs out by this Runtime's own clock.
    pub(crate) fn lease_left(&self) -> Duration {
        let until = *self.lease_until.lock();
        let now = self.executor.now();
        until.map_or(Duration::MAX, |until| until.saturating_duration_since(now))
    }

    /// Whether the lease has run out by this Runtime's own clock.
    pub(crate) fn lease_is_over(&self) -> bool {
        self.lease_left().is_zero()
    }

    /// Notes that another Runtime owns the store.
    pub(crate) fn lose_lease(&self) {
        self.lost_lease.store(true, Ordering::Release);
    }

    /// Whether another Runtime owns the store, or may own it.
    pub(crate) fn has_lost_lease(&self) -> bool {
        self.lost_lease.load(Ordering::Acquire)
    }

    /// Releases the lease, and waits for the answer no longer than `within`. A lease that could not
    /// be released runs out by itself.
    pub(crate) fn release(&self, within: Duration) -> Answer<()> {
        self.ask_within(within.min(self.time_out), |store| store.release(self.lease))
    }

    /// Returns the lease that commits are written under.
    pub(crate) fn lease(&self) -> Lease {
        self.lease
    }

    /// Returns the time limit of a commit.
    pub(crate) fn time_out(&self) -> Duration {
        self.time_out
    }

    /// Returns the description that the store gave of itself when it was opened.
    pub(crate) fn info(&self) -> &StoreInfo {
        &self.info
    }

    /// Returns the number of commits, and of renewals and releases of the lease, that failed so far.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Counts and logs a commit that failed.
    pub(crate) fn commit_failed(&self, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(?error, "a commit failed");
    }

    /// Counts and logs a renewal or a release of the lease that failed.
    pub(crate) fn lease_failed(&self, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(?error, "the lease was not renewed or released");
    }
}
