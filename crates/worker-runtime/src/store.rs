//! The storage interface of a Runtime, which a Backend can implement.
//!
//! A [`Store`] holds, for each Worker, one record, its transcript, its turns, its newest events and
//! its idempotency keys; and, once, the keys of creations and the [`Totals`]. It is owned by one
//! Runtime at a time, through a [`Lease`]. Every change is one [`Batch`].

mod batch;
mod bounds;
mod client;
mod command_metadata;
mod complaint;
mod course;
mod error;
mod future;
mod guard;
#[cfg(feature = "memory-store")]
mod memory;
mod pages;
mod reads;
mod recent_entries;
mod record;
mod stored_entry;
mod stored_event;
mod stored_turn;
mod within_range;
mod worker_pages;
mod wrapper;

use std::{sync::Arc, time::Duration};

pub use batch::{Batch, Change, CreateKey, InputKey, NewKey, Totals};
pub(crate) use client::StoreClient;
pub use command_metadata::CommandMetadata;
pub(crate) use complaint::{Complaint, Complaints, ComplaintsMade, Listener};
pub use error::{CorruptWorker, OpenError, Settlement, StoreError};
pub use future::StoreFuture;
#[cfg(feature = "memory-store")]
pub use memory::MemoryStore;

use crate::identity::{Epoch, RuntimeId, TurnId, WorkerId};
pub(crate) use reads::{EventsFound, Known, ReadAbout, ReadError};
pub(crate) use recent_entries::Run as EntryRun;
pub use record::{WorkerRecord, WorkerSpec};
pub use stored_entry::StoredEntry;
pub(crate) use stored_event::EventReference;
pub use stored_event::{StoredEvent, StoredEventBody, StoredRetry};
pub use stored_turn::StoredTurn;
pub(crate) use worker_pages::ListingError;
pub use wrapper::StoreWrapper;

/// The description that a store gives of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreInfo {
    /// The kind of store, such as `memory`. The first 64 characters are shown in `get_runtime`,
    /// without control characters.
    pub kind: String,
    /// Whether committed batches outlive the process.
    pub durable: bool,
}

/// The version of the stored form: of the JSON of all values that a store is given. It goes up with
/// every change of that form, by the rules in `docs/stored-form.md`.
pub const FORMAT: u32 = 1;

/// A Runtime's request to own the store.
#[derive(Clone, Copy, Debug)]
pub struct OpenRequest {
    /// The Runtime that the store must belong to, if the Backend insists on one.
    pub runtime_id: Option<RuntimeId>,
    /// The id that the store takes if it has none yet.
    pub new_runtime_id: RuntimeId,
    /// The version of the stored form that the Runtime writes, which is [`FORMAT`].
    pub format: u32,
    /// The epoch of the Runtime that makes the request: a new one for each start.
    pub epoch: Epoch,
    /// The time after which the lease runs out unless it is renewed.
    pub lease_duration: Duration,
    /// The number of newest events that the store must keep for each Worker.
    pub events_per_worker: u64,
}

/// The answer to an [`OpenRequest`] that was granted.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The Runtime that the store belongs to.
    pub runtime_id: RuntimeId,
    /// The lease, under which the owner changes the store.
    pub lease: Lease,
    /// The sums over all Workers that were ever created, deleted ones included.
    pub totals: Totals,
}

/// The right to change a store until the lease runs out. A later lease has a greater fencing token.
///
/// A lease is valid if both its token and its epoch are those of the newest lease. The epoch tells
/// apart two leases with one token, which an engine can issue if it has lost its newest writes, as
/// after a failover to an asynchronous replica.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// The number by which a store tells the newest lease, which has the greatest, from older ones.
    pub fencing_token: u64,
    /// The epoch of the Runtime that the lease was issued to, as in its [`OpenRequest`].
    pub epoch: Epoch,
}

/// A Worker that was read from the store.
#[derive(Clone, Debug)]
pub struct StoredWorker {
    /// The Worker's record.
    pub record: Arc<WorkerRecord>,
    /// The idempotency keys of the Worker's inputs that were not dropped, oldest first.
    pub keys: Vec<InputKey>,
}

/// A page of one Worker's events that was read from the store.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    /// The sequence of the oldest event that the store still has of the Worker; 0 without a Worker.
    pub oldest: u64,
    /// The events, ordered by sequence and without a gap, each as it was committed, with its
    /// sequence. The first one follows the sequence that
    /// was asked for, or is the oldest one if that is later.
    pub events: Vec<StoredEvent>,
}

/// A turn that was read from the store, with what it refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTurn {
    /// The turn.
    pub turn: Arc<StoredTurn>,
    /// The entry with the turn's `input_sequence`, if the turn has one.
    pub input: Option<Arc<StoredEntry>>,
    /// The entry with the turn's `answer_sequence`, if the turn has one.
    pub answer: Option<Arc<StoredEntry>>,
}

/// The sums over the Workers of one tenant, deleted ones included.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantTotals {
    /// The name of the tenant.
    pub tenant: Arc<str>,
    /// The sums.
    pub totals: Totals,
}

/// A page of the store's feed of changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangePage {
    /// The changes, ordered by number.
    pub changes: Vec<StoredChange>,
    /// The number up to which deletions may be missing from the feed; 0 if none is missing. Whoever
    /// reads on from a smaller number may have missed one, and has to compare its Workers with those
    /// of the store.
    pub deletions_from: u64,
}

/// A change of a Worker, in the store's feed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoredChange {
    /// The place of the change among all changes of the store. It goes up with every commit, by one
    /// or more.
    pub number: u64,
    /// The Worker that was changed.
    pub worker_id: WorkerId,
    /// The Worker's ordinal.
    pub ordinal: u64,
    /// The sequence of the Worker's last event after the change.
    pub worker_sequence: u64,
    /// Whether the change deleted the Worker.
    pub deleted: bool,
}

/// The way to name one turn of a Worker.
#[derive(Clone, Debug)]
pub enum TurnLookup {
    /// The turn with this id.
    Id(TurnId),
    /// The latest turn whose command had this idempotency key.
    Key(Arc<str>),
}

/// The storage of a Runtime: everything that a later Runtime on the same store continues with.
///
/// # Contract
///
/// - **One batch, all or nothing.** [`commit`](Self::commit) applies a [`Batch`] as a whole or not
///   at all, and only if the batch's lease is the newest one and its `expected_version` is the
///   Worker's version. A batch whose commit was answered with `Ok` is seen by every read that
///   begins later and, in a durable store, after a crash. In a batch, keys are dropped before keys
///   are added.
/// - **Refused or unknown.** [`StoreError::Refused`] and [`StoreError::LeaseLost`] promise that the
///   call has changed nothing and never will; [`StoreError::Unknown`] promises nothing. A commit
///   that panics, that does not answer in time, or whose future is dropped before it answered,
///   counts as unknown.
/// - **Settling.** After an unknown commit the Runtime calls [`settle`](Self::settle), and changes
///   nothing of that Worker until it has an answer. Once the answer was [`Settlement::NotApplied`],
///   the commit in question must never take effect, even if it was still under way; the next commit
///   of that Worker expects the same version again and is applied. For a Worker that the store does
///   not have, the answer is [`Settlement::NotApplied`] if the version is 1, because the Worker was
///   not created, and [`Settlement::Committed`] if the version is later, because the Worker was
///   deleted.
/// - **Order.** The Runtime sends one commit for a Worker at a time and reads freely meanwhile; a
///   read sees a batch either not at all or as a whole. Commits for different Workers may run at
///   once, in any order. A Runtime reads [`workers`](Self::workers) and
///   [`create_keys`](Self::create_keys) only before its first commit; others, such as the kit and
///   whoever makes a backup, at any time.
/// - **Reads are bounded** by their `limit`, which is at least 1, and return fewer items only at
///   the end; of [`workers`](Self::workers), [`tenant_totals`](Self::tenant_totals) and
///   [`changes`](Self::changes), only an empty page is the end. Reads about a Worker that the store
///   does not have return nothing.
/// - **Deletion** ([`Change::Delete`]) removes everything of a Worker but its part in the totals: no
///   read finds it any more. The idempotency key of its creation is removed only when a batch drops
///   it. When the bytes themselves are gone, from a log or from free pages, is for the store to say.
/// - **Events:** for each Worker at least the newest [`OpenRequest::events_per_worker`] events are
///   kept. A store may keep more, and [`EventPage::oldest`] says how far they reach back.
/// - **A record that cannot be read** is reported as [`CorruptWorker`] and hides nothing else. The
///   report quotes nothing of the record. An entry, turn or event that cannot be read fails the read
///   that asks for it.
/// - **One owner.** While a lease has neither run out nor been released, [`open`](Self::open) is
///   refused. Each `open` that succeeds issues a lease with a greater fencing token; from then on
///   every call but [`release`](Self::release) under an older lease is answered with
///   [`StoreError::LeaseLost`]. A lease that ran out may still be used and renewed until somebody
///   else opens the store.
/// - **Stored form.** The store keeps the greatest [`OpenRequest::format`] that it was opened with.
///   An `open` with a smaller one is refused with [`OpenError::NewerFormat`], because that Runtime
///   would drop what it does not know.
/// - **One Runtime.** The first `open` decides for good which Runtime the store belongs to.
///
/// # A store that errs
///
/// The Runtime checks what a store answers, and believes nothing that contradicts what was
/// committed or the rest of the answer:
///
/// - A page must hold exactly the entries, turns or events that were asked for, each in its place
///   and of this Worker; a turn must be the one that was asked for, and entries, turns and events
///   must belong together. A query then fails with `store_failed`, a turn that lacks its history
///   with an error of kind `store`, and a stream has a gap.
/// - The entries of a Worker follow each other without a gap: those that it was created with, then
///   for each turn an input, and right after the input the answer if there is one. Inputs are said
///   by the user or the system, answers by the assistant. Turns must fit this up to the latest turn,
///   which the record has; nothing is later than the record unless the Worker is being changed.
/// - Events follow each other: a change of state begins with the state before and is one that the
///   lifecycle has, and turns begin and end one after the other, each once, up to the state of the
///   record.
/// - A Worker counts as deleted only if the Runtime deleted it. [`EventPage::oldest`] must not hide
///   events that the store has to keep.
/// - A page that is too long is cut to its `limit`.
/// - Workers that do not come by ascending ordinal, that come twice, or that are many more than
///   were ever created, make the build fail, and so does the id of another Runtime than the one
///   asked for. The lease is then given back.
/// - A Worker whose record contradicts itself, its turn or its keys, or has a number past
///   2<sup>53</sup> − 1 or so close to it that nothing could be counted on, is treated like a
///   [`CorruptWorker`]. Usage past that range is cut to it and marked as incomplete.
/// - The texts and lists of each value are bounded: 16 MiB for the text of an entry and for
///   instructions, 64 KiB for any other text, 1024 items of a list, 16 MiB for all other texts of one
///   value, 16,384 keys of a Worker and 1,048,576 of creations; more where the
///   [`Limits`](crate::Limits) of the Runtime allow more. A record past them is treated like a
///   [`CorruptWorker`]. A claim must name a resource as it must in a creation.
/// - The key of a creation that comes twice is the first one's. A receipt that its Worker cannot
///   have given is left out, and the key kept.
/// - Totals that are less than what the Workers add up to are raised to that.
/// - If the end of a turn that an earlier Runtime left open is not taken when a Runtime is built,
///   the turn stays open, and is ended in the background. If the lease is lost, the build fails.
/// - A lease that the store does not renew or release is reported, once while that lasts.
/// - A call that panics, does not answer in time, or returns a [`StoreFuture`] that was polled
///   before, has failed; if it was a commit, its outcome is unknown.
///
/// Each kind of error is one diagnostic for each Worker, not one for each read.
///
/// # Values and threads
///
/// The store owns the values that it was given. Values behind an `Arc` are immutable, so a store
/// may keep the `Arc` itself; a read returns each value unchanged, to the last byte. No method may
/// block the thread for long, and none is called under a lock of the Runtime. Methods are called
/// from several threads at once. A future of a store may be polled on any thread, and may be
/// dropped at any time.
///
/// `worker_runtime::conformance::run`, behind the feature `conformance`, checks an implementation
/// against this contract. A store that only changes some answers of another one is a
/// [`StoreWrapper`].
pub trait Store: Send + Sync + 'static {
    /// Returns the store's description of itself.
    fn info(&self) -> StoreInfo;

    /// Makes one Runtime the owner of the store and issues its lease.
    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>>;

    /// Renews the lease, so that it runs out `duration` from now.
    fn renew(&self, lease: Lease, duration: Duration) -> StoreFuture<Result<(), StoreError>>;

    /// Releases the lease: the store can be opened at once, and the lease is no longer valid.
    /// Releasing a lease that is not the newest does nothing and is no error.
    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>>;

    /// Applies a batch. A store that answers later keeps a clone of the batch, which copies no
    /// text.
    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>>;

    /// Returns whether the commit that would have brought a Worker to `version` took effect. If the
    /// commit did not, this call also ensures that it never will.
    fn settle(
        &self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> StoreFuture<Result<Settlement, StoreError>>;

    /// Returns the Workers whose ordinal is greater than `after`, ordered by ordinal. A page may be
    /// short; only an empty page is the end.
    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, CorruptWorker>>, StoreError>>;

    /// Returns the idempotency keys of creations that were not dropped, oldest first.
    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>>;

    /// Returns the transcript entries from the sequence `first` on, in ascending order. The first
    /// entry of a transcript has the sequence 1.
    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<StoredEntry>>, StoreError>>;

    /// Returns the turns from the ordinal `first` on, in the order in which they began. The first
    /// turn of a Worker has the ordinal 1.
    fn turns(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Arc<StoredTurn>>, StoreError>>;

    /// Returns one turn with its input and its answer, or `None` if the store does not have the turn.
    /// All three are of one moment.
    fn turn(
        &self,
        worker_id: WorkerId,
        selector: TurnLookup,
    ) -> StoreFuture<Result<Option<FoundTurn>, StoreError>>;

    /// Returns the events whose sequence is greater than `after`.
    fn events(
        &self,
        worker_id: WorkerId,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<EventPage, StoreError>>;

    /// Returns the totals of the tenants whose name is greater than `after` (all, if that is absent),
    /// ordered by the bytes of the name. A page may be short; only an empty page is the end.
    fn tenant_totals(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> StoreFuture<Result<Vec<TenantTotals>, StoreError>>;

    /// Returns changes with a number greater than `after`, ordered by number, or `None` if the store
    /// keeps no feed of them, which is the default.
    ///
    /// The feed is for outboxes, mirrors and backups, which read it beside the Runtime; the Runtime
    /// does not call this. It has at least the *newest* change of every Worker, and the newest
    /// deletions, so that a store need not keep more than it has anyway. A reader that knows of a
    /// Worker's events up to some sequence reads the later ones with [`events`](Self::events). A
    /// number is seen only after all smaller ones: a reader that goes on from the last number it saw
    /// misses no change. A page may be short; only an empty page is the end.
    fn changes(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Option<ChangePage>, StoreError>> {
        let _ = (after, limit);
        StoreFuture::ready(Ok(None))
    }
}
