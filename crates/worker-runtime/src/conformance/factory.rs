//! The factory that makes the stores which the kit checks.

use std::sync::Arc;

use crate::{identity::WorkerId, store::Store};

/// Makes the stores that the kit checks. The kit checks one store at a time, which it may open through
/// several objects: those of [`reopen`](Self::reopen) beside the one of [`fresh`](Self::fresh).
///
/// A function that returns an `Arc` of an empty store is a factory. For a durable store, implement the
/// trait, so that the restarts of the kit are real restarts.
///
/// # Panics
///
/// A factory that cannot make a store should panic. The kit reports the panic as a violation.
pub trait Factory: Send + Sync {
    /// A new, empty store.
    fn fresh(&self) -> impl Future<Output = Arc<dyn Store>> + Send;

    /// Opens the data of the latest store again, as another process would: with a new object and new
    /// connections. `earlier` may still be alive, own the store, and be called later on. A store in
    /// memory returns `earlier`, which is the default.
    fn reopen(&self, earlier: Arc<dyn Store>) -> impl Future<Output = Arc<dyn Store>> + Send {
        std::future::ready(earlier)
    }

    /// Damages the record of a Worker in the latest store, for [`Rule::CorruptWorker`]. Returns `false`,
    /// which is the default, if the factory cannot damage records. The rule is not checked then.
    ///
    /// [`Rule::CorruptWorker`]: crate::conformance::Rule::CorruptWorker
    fn corrupt(&self, worker_id: WorkerId) -> impl Future<Output = bool> + Send {
        let _ = worker_id;
        std::future::ready(false)
    }

    /// Cuts the connections of the latest store, for [`Rule::Disconnection`], as when a server of a
    /// database restarts. The store may connect again at once; calls may fail for ten seconds after.
    /// Does nothing by default, which is right for a store without connections.
    ///
    /// [`Rule::Disconnection`]: crate::conformance::Rule::Disconnection
    fn disconnect(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
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
