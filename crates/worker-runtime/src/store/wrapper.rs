//! Stores that wrap another store and override some of its methods.

use std::{sync::Arc, time::Duration};

use super::{
    Batch, ChangePage, CorruptWorker, CreateKey, EventPage, FoundTurn, Lease, OpenError,
    OpenRequest, Opened, Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredEntry,
    StoredTurn, StoredWorker, TenantTotals, TurnLookup,
};
use crate::identity::WorkerId;

/// Declares [`StoreWrapper`] with these methods of [`Store`], and [`Store`] for every wrapper.
macro_rules! wrapper {
    ($(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// A store that delegates to another one, except for the methods that it overrides.
        ///
        /// It serves for metrics, encryption, or faults in tests. Every `StoreWrapper` is a
        /// [`Store`] that keeps the contract of `Store` as far as the overridden methods do.
        ///
        /// ```
        /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
        /// use worker_runtime::store::{StoredEntry, StoredTurn, Batch, Store, StoreError, StoreFuture, StoreWrapper};
        ///
        /// /// Counts the commits.
        /// struct Counting {
        ///     inner: Arc<dyn Store>,
        ///     commits: AtomicU64,
        /// }
        ///
        /// impl StoreWrapper for Counting {
        ///     fn inner(&self) -> &dyn Store {
        ///         &*self.inner
        ///     }
        ///
        ///     fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        ///         self.commits.fetch_add(1, Ordering::Relaxed);
        ///         self.inner.commit(batch)
        ///     }
        /// }
        /// ```
        pub trait StoreWrapper: Send + Sync + 'static {
            /// Returns the store that is wrapped.
            fn inner(&self) -> &dyn Store;

            $(
                #[doc = concat!("[`Store::", stringify!($method), "`] of the wrapped store, unless overridden.")]
                fn $method(&self, $($argument: $type),*) -> $answer {
                    self.inner().$method($($argument),*)
                }
            )+
        }

        impl<W: StoreWrapper> Store for W {
            $(fn $method(&self, $($argument: $type),*) -> $answer {
                StoreWrapper::$method(self, $($argument),*)
            })+
        }
    };
}

type Answer<T> = StoreFuture<Result<T, StoreError>>;

wrapper! {
    fn info() -> StoreInfo;
    fn open(request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>>;
    fn renew(lease: Lease, duration: Duration) -> Answer<()>;
    fn release(lease: Lease) -> Answer<()>;
    fn commit(batch: &Batch) -> Answer<()>;
    fn settle(lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement>;
    fn workers(after: u64, limit: usize) -> Answer<Vec<Result<StoredWorker, CorruptWorker>>>;
    fn create_keys() -> Answer<Vec<CreateKey>>;
    fn entries(worker_id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>>;
    fn turns(worker_id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>>;
    fn turn(worker_id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>>;
    fn events(worker_id: WorkerId, after: u64, limit: usize) -> Answer<EventPage>;
    fn tenant_totals(after: Option<Arc<str>>, limit: usize) -> Answer<Vec<TenantTotals>>;
    fn changes(after: u64, limit: usize) -> Answer<Option<ChangePage>>;
}
