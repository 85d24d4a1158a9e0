//! Where a Runtime keeps what must outlive it: the boundary that a Backend can implement.
//!
//! A [`Store`] holds, for each Worker, one record, its transcript, its turns, its newest events and
//! its idempotency keys; and, once, the keys of creations and the [`Totals`]. It is owned by one
//! Runtime at a time, through a [`Lease`]. Every change is one [`Batch`].

mod batch;
mod client;
mod command_metadata;
mod error;
mod future;
mod guard;
#[cfg(feature = "memory-store")]
mod memory;
mod record;
mod stored_event;

use std::{sync::Arc, time::Duration};

pub use batch::{Batch, Change, CreateKey, InputKey, NewKey, Totals};
pub(crate) use client::StoreClient;
pub use command_metadata::CommandMetadata;
pub use error::{CorruptWorker, OpenError, Settlement, StoreError};
pub use future::StoreFuture;
#[cfg(feature = "memory-store")]
pub use memory::MemoryStore;

use crate::{
    identity::{Epoch, RuntimeId, TurnId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
};
pub use record::{WorkerRecord, WorkerSpec};
pub use stored_event::{StoredEvent, StoredEventBody, StoredRetry};

/// What a store says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreInfo {
    /// What it is, such as `memory`; shown in `get_runtime`.
    pub kind: String,
    /// Whether what it took outlives the process.
    pub durable: bool,
}

/// Who asks to own the store.
#[derive(Clone, Copy, Debug)]
pub struct OpenRequest {
    /// The Runtime that must be the store's, if the Backend insists on one.
    pub runtime_id: Option<RuntimeId>,
    /// The id that the store takes if it has none yet.
    pub new_runtime_id: RuntimeId,
    /// The start of the Runtime that asks.
    pub epoch: Epoch,
    /// How long the lease lasts unless it is renewed.
    pub lease_duration: Duration,
    /// How many of its newest events must be kept of each Worker.
    pub events_per_worker: u64,
}

/// What an owner is given.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The Runtime that the store belongs to.
    pub runtime_id: RuntimeId,
    /// The right to change the store.
    pub lease: Lease,
    /// The sums over all Workers there ever were.
    pub totals: Totals,
}

/// The right to change a store, until it runs out. A later lease has a greater number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// The number by which a store tells an older lease from the newest one, which has the greatest.
    pub fencing_token: u64,
}

/// A Worker as the store gives it back.
#[derive(Clone, Debug)]
pub struct StoredWorker {
    /// Its record.
    pub record: Arc<WorkerRecord>,
    /// The keys of its inputs that were not dropped, oldest first.
    pub keys: Vec<InputKey>,
}

/// Events as the store gives them back.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    /// The sequence of the oldest event that the store still has of the Worker; 0 without a Worker.
    pub oldest: u64,
    /// The events, in order, without a hole; the first is the one after the sequence asked for, or
    /// the oldest if that is later.
    pub events: Vec<StoredEvent>,
}

/// Which turn.
#[derive(Clone, Debug)]
pub enum TurnSelector {
    /// The one with this id.
    Id(TurnId),
    /// The latest one whose command had this idempotency key.
    Key(Arc<str>),
}

/// Where a Runtime keeps what must outlive it.
///
/// # Contract
///
/// - **One batch, all or nothing.** [`commit`](Self::commit) applies a [`Batch`] as a whole or not
///   at all, and only if the batch's lease is the newest one and its `expected_version` is the
///   Worker's. What a commit answered with `Ok` is there for every read that begins later and, in a
///   durable store, after a crash. In a batch, keys are dropped before keys are added.
/// - **Refused or unknown.** [`StoreError::Refused`] and [`StoreError::LeaseLost`] promise that
///   nothing happened nor ever will; [`StoreError::Unknown`] promises nothing. A commit that panics,
///   that does not answer in time, or whose future is dropped before it answered, counts as unknown.
/// - **Settling.** After an unknown commit the Runtime asks [`settle`](Self::settle), and changes
///   nothing of that Worker until it has an answer. Once that was [`Settlement::NotApplied`], the commit
///   in question must never take effect, even if it was still under way; the next commit of that
///   Worker expects the same version again and is applied. A Worker that is not there has settled
///   [`Settlement::NotApplied`] if the version is 1, because it was not created, and
///   [`Settlement::Committed`] if it is later, because it was deleted.
/// - **Order.** The Runtime sends one commit for a Worker at a time and reads freely meanwhile; a
///   read sees a batch either not at all or as a whole. Commits for different Workers may run at
///   once, in any order. [`workers`](Self::workers) and [`create_keys`](Self::create_keys) are read
///   only between opening the store and the first commit.
/// - **Reads are bounded** by their `limit`, which is at least 1, and give less only at the end. A
///   Worker that is not there reads as empty.
/// - **Deletion** ([`Change::Delete`]) removes everything of a Worker but its part in the totals. The
///   key of its creation goes only when a batch drops it.
/// - **Events** are kept for each Worker as many as [`OpenRequest::events_per_worker`] says, the
///   newest ones; more may be kept, and [`EventPage::oldest`] says how far they reach back.
/// - **A record that cannot be read** is reported as [`CorruptWorker`] and hides nothing else.
/// - **One owner.** While a lease has not run out, [`open`](Self::open) is refused. Opening makes a
///   greater lease number, and every call with an older one [`StoreError::LeaseLost`], for good. A
///   lease that ran out and that nobody has taken may still be used and renewed.
/// - **One Runtime.** The first `open` decides whose the store is, for good.
///
/// The store owns what it was given; values behind an `Arc` are immutable and may be kept as they
/// are, and are read back as they were given, to the last byte. No method may block the thread for
/// long, and none is called under a lock of the Runtime. Methods are called from several threads at
/// once. A future of a store may be polled on any thread, and may be dropped at any time.
///
/// `worker_runtime::conformance::run`, behind the feature `conformance`, checks an implementation
/// against all of this.
pub trait Store: Send + Sync + 'static {
    /// What the store is.
    fn info(&self) -> StoreInfo;

    /// Takes the store for one Runtime.
    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>>;

    /// Keeps the lease for `duration` from now on.
    fn renew(&self, lease: Lease, duration: Duration) -> StoreFuture<Result<(), StoreError>>;

    /// Gives the lease back: the store can be opened at once, and the lease is good for nothing any
    /// more. One that is not the newest is left as it is, without an error.
    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>>;

    /// Applies a batch. A store that answers later keeps a clone of it, which copies no text.
    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>>;

    /// Tells whether the commit that would have brought a Worker to `version` took effect, and if
    /// not, sees to it that it never will.
    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>>;

    /// Workers whose ordinal is greater than `after`, by ordinal.
    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, CorruptWorker>>, StoreError>>;

    /// The keys of creations that were not dropped, oldest first.
    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>>;

    /// Transcript entries from the sequence `first` on, ascending; the first is 1.
    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TranscriptEntry>>, StoreError>>;

    /// Turns from the `first`-th on, in the order they began; the first is 1.
    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<TurnDetail>>, StoreError>>;

    /// One turn.
    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnSelector,
    ) -> StoreFuture<Result<Option<Arc<TurnDetail>>, StoreError>>;

    /// Events whose sequence is greater than `after`.
    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>>;
}
