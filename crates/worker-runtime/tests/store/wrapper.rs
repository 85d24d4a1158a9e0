//! What the tests' stores, which wrap a [`MemoryStore`](worker_runtime::store::MemoryStore), share.

use futures_util::FutureExt;
use worker_runtime::store::{StoreError, StoreFuture};

pub(crate) type Answer<T> = StoreFuture<Result<T, StoreError>>;

/// The answer of a store in memory, which is ready at once.
pub(crate) fn immediate<T: Unpin>(answer: StoreFuture<T>) -> T {
    answer.now_or_never().expect("a store in memory answers at once")
}
