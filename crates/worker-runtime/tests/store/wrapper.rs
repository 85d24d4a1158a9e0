//! A store that delegates every call to a [`MemoryStore`], so that a test overrides only some calls.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use worker_runtime::{
    WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CorruptWorker, CreateKey, EventPage, Lease, MemoryStore, OpenError, OpenRequest,
        Opened, Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredWorker, TurnLookup,
    },
};

pub(crate) type Answer<T> = StoreFuture<Result<T, StoreError>>;
pub(crate) type Listed = Vec<Result<StoredWorker, CorruptWorker>>;

/// Declares [`Wrapper`], and [`Store`] for [`Wrapped`], with these methods.
macro_rules! delegate {
    ($(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// The methods of [`Store`]. Each delegates to [`Self::inner`] unless it is overridden.
        pub(crate) trait Wrapper: Send + Sync + 'static {
            fn inner(&self) -> &Arc<MemoryStore>;

            $(fn $method(&self, $($argument: $type),*) -> $answer {
                self.inner().$method($($argument),*)
            })+
        }

        /// A wrapper as a [`Store`]. A foreign trait cannot be implemented for all wrappers themselves.
        pub(crate) struct Wrapped<W>(pub(crate) W);

        impl<W: Wrapper> Store for Wrapped<W> {
            fn info(&self) -> StoreInfo {
                self.0.inner().info()
            }

            $(fn $method(&self, $($argument: $type),*) -> $answer {
                self.0.$method($($argument),*)
            })+
        }
    };
}

delegate! {
    fn open(request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>>;
    fn renew(lease: Lease, duration: Duration) -> Answer<()>;
    fn release(lease: Lease) -> Answer<()>;
    fn commit(batch: &Batch) -> Answer<()>;
    fn settle(lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement>;
    fn workers(after: u64, limit: usize) -> Answer<Listed>;
    fn create_keys() -> Answer<Vec<CreateKey>>;
    fn entries(id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TranscriptEntry>>>;
    fn turns(id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TurnDetail>>>;
    fn turn(id: WorkerId, selector: TurnLookup) -> Answer<Option<Arc<TurnDetail>>>;
    fn events(id: WorkerId, after: u64, limit: usize) -> Answer<EventPage>;
}

/// The answer of a [`MemoryStore`], which is ready at once.
pub(crate) fn immediate<T: Unpin>(answer: StoreFuture<T>) -> T {
    answer.now_or_never().expect("a store in memory answers at once")
}
