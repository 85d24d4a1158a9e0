//! The checked reads of a Runtime: the only way to what its store holds.
//!
//! Each read asks the store, cuts a page to what was asked for, checks the page and reports what is
//! wrong with it. A page that passes is complete, so that a loop over pages makes progress; such a
//! loop gives way to other tasks between two pages (`sync::fair`).

use std::sync::Arc;

use crate::{
    error::RuntimeError,
    identity::WorkerId,
    store::{
        Complaint, FoundTurn, Store, StoreClient, StoreError, StoreFuture, StoredEntry,
        StoredEvent, StoredTurn, TurnLookup, WorkerRecord, pages,
    },
};

/// A Worker as the Runtime knows it without the store.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) record: Arc<WorkerRecord>,
    /// Whether the deletion of the Worker is applied.
    pub(crate) is_deleted: bool,
    /// Whether a commit is under way or unsettled, so that the store may be ahead of the record.
    pub(crate) is_changing: bool,
}

/// What is known of a Worker without the store, before a read and after it.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) before: Arc<WorkerRecord>,
    pub(super) after: Arc<WorkerRecord>,
    /// Whether a commit was under way at one of the two moments.
    was_changing: bool,
    /// Whether a commit is under way now.
    is_changing: bool,
}

/// A Worker about which a store is read.
pub(crate) trait ReadAbout {
    /// Returns the Worker as it is known now.
    fn known(&self) -> Known;
}

/// The reason why a read gave nothing.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The Worker was deleted. The deletion may not be applied yet.
    Deleted,
    /// The store contradicts itself or what was committed. The complaint was made.
    Contradiction,
    /// The store failed.
    Failed(StoreError),
}

/// The events of a Worker after a sequence.
#[derive(Debug)]
pub(crate) enum EventsFound {
    /// The events that follow.
    Events(Vec<StoredEvent>),
    /// The store no longer has the next event. It has no event up to the sequence `floor`, which is
    /// not past the end of the log.
    Missed { floor: u64 },
}

/// More events than one commit has: the store may have as many that are not published yet.
const MOST_UNPUBLISHED: u64 = 64;

impl StoreClient {
    /// Reads the `count` entries from the sequence `first` on, which are in the transcript.
    pub(crate) async fn entries(
        &self,
        worker: &impl ReadAbout,
        first: u64,
        count: usize,
    ) -> Result<Vec<Arc<StoredEntry>>, ReadError> {
        let known = worker.known();
        let worker_id = known.record.worker_id;
        if !is_within(first, count, known.record.entries) {
            return Err(self.complain(Complaint::Mismatch, worker_id));
        }
        let page = self.read(|store| store.entries(worker_id, first, count)).await?;
        let mut page = self.cut(page, count, worker_id);
        match pages::entries(&mut page, first, count, (&known.record, &self.bounds)) {
            Ok(()) => Ok(page),
            Err(complaint) => Err(self.missing(worker, complaint).await),
        }
    }

    /// Returns the `count` entries from the sequence `first` on for a turn, from memory if they are
    /// there, and keeps them there.
    pub(crate) async fn history(
        &self,
        worker: &impl ReadAbout,
        first: u64,
        count: usize,
    ) -> Result<Vec<Arc<StoredEntry>>, ReadError> {
        let known = worker.known();
        let worker_id = known.record.worker_id;
        if let Some(recent) = self.recent.get(worker_id, first, count) {
            return Ok(recent);
        }
        let page = self.entries(worker, first, count).await?;
        self.recent.offer(worker_id, &page, known.record.entries);
        if worker.known().is_deleted {
            // Nothing of a Worker that was deleted during the read is kept.
            self.recent.forget(worker_id);
        }
        Ok(page)
    }

    /// Reads the `count` turns from the ordinal `first` on, which the Worker has.
    pub(crate) async fn turns(
        &self,
        worker: &impl ReadAbout,
        first: u64,
        count: usize,
    ) -> Result<Vec<Arc<StoredTurn>>, ReadError> {
        let known = worker.known();
        let worker_id = known.record.worker_id;
        if !is_within(first, count, known.record.turns) {
            return Err(self.complain(Complaint::Mismatch, worker_id));
        }
        let page = self.read(|store| store.turns(worker_id, first, count)).await?;
        let mut page = self.cut(page, count, worker_id);
        let around = known.until(worker.known());
        match pages::turns(&mut page, first, count, (&around, &self.bounds)) {
            Ok(()) => Ok(page),
            Err(complaint) => Err(self.missing(worker, complaint).await),
        }
    }

    /// Reads one turn with its input and its answer. Returns `None` if the store does not have it.
    pub(crate) async fn turn(
        &self,
        worker: &impl ReadAbout,
        wanted: TurnLookup,
    ) -> Result<Option<FoundTurn>, ReadError> {
        let known = worker.known();
        let worker_id = known.record.worker_id;
        let lookup = wanted.clone();
        match self.read(|store| store.turn(worker_id, lookup)).await? {
            Some(mut found) => {
                let around = known.until(worker.known());
                match pages::turn(&mut found, &wanted, (&around, &self.bounds)) {
                    Ok(()) => Ok(Some(found)),
                    Err(complaint) => Err(self.complain(complaint, worker_id)),
                }
            }
            None if self.is_deleted(worker).await? => Err(ReadError::Deleted),
            None => Ok(None),
        }
    }

    /// Reads the `count` events after the sequence `after`, which are published.
    pub(crate) async fn events(
        &self,
        worker: &impl ReadAbout,
        after: u64,
        count: usize,
    ) -> Result<EventsFound, ReadError> {
        let record = worker.known().record;
        let worker_id = record.worker_id;
        let page = self.read(|store| store.events(worker_id, after, count)).await?;
        let floor = self.floor_of(worker, page.oldest)?;
        if floor > after {
            return Ok(EventsFound::Missed { floor });
        }
        let mut events = self.cut(page.events, count, worker_id);
        match pages::events(&mut events, after, count, (&record, &self.bounds)) {
            Ok(()) => Ok(EventsFound::Events(events)),
            Err(complaint) => Err(self.missing(worker, complaint).await),
        }
    }

    /// Reads the sequence before the oldest event that the store has of the Worker.
    pub(crate) async fn floor(&self, worker: &impl ReadAbout) -> Result<u64, ReadError> {
        let worker_id = worker.known().record.worker_id;
        let page = self.read(|store| store.events(worker_id, 0, 1)).await?;
        self.floor_of(worker, page.oldest)
    }

    /// Makes a complaint about a Worker's data, and returns the error of the read.
    pub(crate) fn complain(&self, complaint: Complaint, worker_id: WorkerId) -> ReadError {
        // Past the lease, the store may hold what another Runtime has written.
        if !self.has_lost_lease() && !self.lease_is_over() {
            self.complaints.make(complaint, Some(worker_id));
        }
        ReadError::Contradiction
    }

    /// Asks the store.
    async fn read<T: Send + Unpin + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> StoreFuture<Result<T, StoreError>>,
    ) -> Result<T, ReadError> {
        self.ask(ask).await.map_err(ReadError::Failed)
    }

    /// Cuts a page to the `count` items that were asked for.
    pub(super) fn cut<T>(
        &self,
        mut page: Vec<T>,
        count: usize,
        about: impl Into<Option<WorkerId>>,
    ) -> Vec<T> {
        if page.len() > count {
            self.complaints.make(Complaint::TooMany, about.into());
            page.truncate(count);
        }
        page
    }

    /// Returns the error for a page on which something is missing or wrong: the Worker was deleted
    /// meanwhile, or the store errs.
    async fn missing(&self, worker: &impl ReadAbout, complaint: Complaint) -> ReadError {
        match self.is_deleted(worker).await {
            Ok(true) => ReadError::Deleted,
            Ok(false) => self.complain(complaint, worker.known().record.worker_id),
            Err(error) => error,
        }
    }

    /// Whether the Worker is deleted in the store and the Runtime has decided so.
    async fn is_deleted(&self, worker: &impl ReadAbout) -> Result<bool, ReadError> {
        let known = worker.known();
        if known.is_deleted || !known.may_be_deleted() {
            return Ok(known.is_deleted);
        }
        let worker_id = known.record.worker_id;
        let page = self.read(|store| store.events(worker_id, 0, 1)).await?;
        Ok(page.oldest == 0)
    }

    /// Checks what the store says of its oldest event of a Worker, and returns the sequence before
    /// that event.
    fn floor_of(&self, worker: &impl ReadAbout, oldest: u64) -> Result<u64, ReadError> {
        let known = worker.known();
        let (record, worker_id) = (&known.record, known.record.worker_id);
        if known.is_deleted {
            return Err(ReadError::Deleted);
        }
        if oldest == 0 {
            let is_deleted = known.may_be_deleted();
            let lost = || self.complain(Complaint::NoWorker, worker_id);
            return Err(if is_deleted { ReadError::Deleted } else { lost() });
        }
        let unpublished = if known.is_changing { MOST_UNPUBLISHED } else { 0 };
        let newest = record.worker_sequence + unpublished;
        // An earlier Runtime on the store may have asked the store to keep fewer events.
        let kept = if self.is_of_this_run(record.ordinal) { self.events_kept.max(1) } else { 1 };
        if oldest > newest.saturating_sub(kept - 1).max(1) {
            return Err(self.complain(Complaint::LostEvents, worker_id));
        }
        Ok((oldest - 1).min(record.worker_sequence))
    }
}

impl Known {
    /// Returns what is known around a read that began with this and ends with `after`.
    fn until(&self, after: Self) -> Around {
        Around {
            before: Arc::clone(&self.record),
            was_changing: self.is_changing || after.is_changing,
            is_changing: after.is_changing,
            after: after.record,
        }
    }

    /// Whether a deletion may be under way. A Worker must have ended before.
    fn may_be_deleted(&self) -> bool {
        self.is_changing && self.record.state.is_terminal()
    }
}

impl Around {
    /// Whether the store may have answered with a later state than that before the read.
    pub(super) fn may_differ(&self) -> bool {
        self.was_changing || self.before.version != self.after.version
    }

    /// The most entries that the store can have had. A commit adds one entry at most.
    pub(super) fn most_entries(&self) -> u64 {
        self.after.entries + u64::from(self.is_changing)
    }
}

/// Whether the `count` numbers from `first` on are between 1 and `last`.
fn is_within(first: u64, count: usize, last: u64) -> bool {
    let after = u64::try_from(count).ok().and_then(|count| first.checked_add(count));
    first > 0 && after.is_some_and(|after| after - 1 <= last)
}

impl From<ReadError> for RuntimeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Deleted => Self::WorkerNotFound {},
            ReadError::Contradiction => Self::store_refused(),
            ReadError::Failed(error) => {
                tracing::warn!(%error, "the store could not be read");
                Self::store_refused()
            }
        }
    }
}
