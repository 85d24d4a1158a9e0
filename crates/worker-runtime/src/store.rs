//! Where a Runtime keeps what must outlive it: the boundary that a Backend can implement.
//!
//! A [`Store`] holds, for each Worker, one record, its transcript, its turns, its newest events and
//! its idempotency keys; and, once, the keys of creations and the [`Totals`]. It is owned by one
//! Runtime at a time, through a [`Lease`]. Every change is one [`Batch`].

mod batch;
mod error;
mod future;
#[cfg(feature = "memory-store")]
mod memory;

use std::sync::Arc;

pub use batch::{Batch, Change, CreateKey, InputKey, Totals};
pub use error::{OpenError, Settlement, StoreError, Unreadable};
pub use future::StoreFuture;
#[cfg(feature = "memory-store")]
pub use memory::MemoryStore;

pub use crate::{
    event::{Fact, RetryFact, StoredEvent},
    record::{Tags, WorkerRecord, WorkerSpec},
};
use crate::{
    identity::{Epoch, RuntimeId, TurnId, WorkerId},
    model::{TranscriptEntry, TurnDetail},
};

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
    /// How long the lease lasts unless it is renewed, in milliseconds.
    pub lease_ms: u64,
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
pub struct Lease(pub u64);

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
    /// The sequence of the oldest event that the store still has of the Worker.
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
///   Worker's. What a commit answered with `Ok` is there for every later read and, in a durable
///   store, after a crash.
/// - **Refused or unknown.** [`StoreError::Refused`] and [`StoreError::LeaseLost`] promise that
///   nothing happened nor ever will; [`StoreError::Unknown`] promises nothing. A commit that panics,
///   or does not answer in time, counts as unknown.
/// - **Settling.** After an unknown commit the Runtime asks [`settle`](Self::settle). Once that
///   answered [`Settlement::Never`], the commit in question must never take effect, even if it was
///   still under way.
/// - **Order.** The Runtime sends one commit for a Worker at a time and reads freely meanwhile; a
///   read sees a batch either not at all or as a whole. Commits for different Workers may run at
///   once, in any order.
/// - **Reads are bounded** by their `limit`, and give less only at the end. A Worker that is not
///   there reads as empty.
/// - **Deletion** ([`Change::Delete`]) removes everything of a Worker but its part in the totals.
/// - **A record that cannot be read** is reported as [`Unreadable`] and hides nothing else.
/// - **One owner.** While a lease has not run out, [`open`](Self::open) is refused. A newer lease
///   makes every commit with an older one [`StoreError::LeaseLost`], for good.
///
/// The store owns what it was given; values behind an `Arc` are immutable and may be kept as they
/// are. No method may block the thread for long, and none is called under a lock of the Runtime,
/// except that a method may be called from several threads at once.
///
/// [`conformance`](crate::store) checks an implementation against all of this.
pub trait Store: Send + Sync + 'static {
    /// What the store is.
    fn info(&self) -> StoreInfo;

    /// Takes the store for one Runtime.
    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>>;

    /// Keeps the lease for another `lease_ms` milliseconds.
    fn renew(&self, lease: Lease, lease_ms: u64) -> StoreFuture<Result<(), StoreError>>;

    /// Gives the lease back.
    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>>;

    /// Applies a batch.
    fn commit(&self, batch: Arc<Batch>) -> StoreFuture<Result<(), StoreError>>;

    /// Tells whether the commit that would have brought a Worker to `version` took effect.
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
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, Unreadable>>, StoreError>>;

    /// The keys of creations that were not dropped, oldest first.
    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>>;

    /// Transcript entries from `first` on, ascending.
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
