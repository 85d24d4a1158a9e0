//! Where the kit gets its stores from.

use std::sync::Arc;

use crate::{identity::WorkerId, store::Store};

/// Makes the stores that are checked. One at a time is in use.
///
/// A function that gives an `Arc` of an empty store is one; a durable store implements the trait, so
/// that restarts are real.
///
/// # Panics
///
/// A factory that cannot do as asked should panic: there is nothing to check then.
pub trait Factory: Send + Sync {
    /// A new, empty store.
    fn fresh(&self) -> impl Future<Output = Arc<dyn Store>> + Send;

    /// The store made last, with its data, as a new process would open it. What is left of `earlier`
    /// stands for the process that died. A store in memory has nothing to do.
    fn reopen(&self, earlier: Arc<dyn Store>) -> impl Future<Output = Arc<dyn Store>> + Send {
        std::future::ready(earlier)
    }

    /// Damages the record of a Worker in the store made last. `false` if the kit cannot be shown
    /// this; the rule is not checked then.
    fn corrupt(&self, worker_id: WorkerId) -> impl Future<Output = bool> + Send {
        let _ = worker_id;
        std::future::ready(false)
    }
}

impl<F, S> Factory for F
where
    F: Fn() -> Arc<S> + Send + Sync,
    S: Store,
{
    fn fresh(&self) -> impl Future<Output = Arc<dyn Store>> + Send {
        let store: Arc<dyn Store> = self();
        std::future::ready(store)
    }
}
