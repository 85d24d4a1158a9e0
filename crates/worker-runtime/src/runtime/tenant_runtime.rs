//! The [`TenantRuntime`]: a Runtime as one tenant sees it.

use std::sync::Arc;

use super::{Runtime, handle};
use crate::{
    error::RuntimeError,
    identity::{RuntimeId, WorkerId, WorkerRef},
    model::{Limits, Subscribe},
    request::Request,
    state::caller::Caller,
    stream::Subscription,
};

/// A Runtime as one tenant sees it: the same requests, about what is the tenant's own.
///
/// [`Runtime::tenant`] makes it, and it is safe to hand to whoever acts for the tenant:
///
/// - What it creates belongs to the tenant.
/// - A Worker of another tenant, or of none, is not found, like one that never was: in commands,
///   queries, cursors, previews and streams.
/// - Lists, counts, usage, claims, diagnostics, and the events in the scope of the Runtime, are the
///   tenant's own, with positions of their own. So are the idempotency keys of creations.
/// - What concerns the whole Runtime, such as `stop_runtime`, and naming another tenant, is refused
///   with [`RuntimeError::NotAllowed`].
///
/// A `TenantRuntime` keeps its Runtime running, like a clone of the [`Runtime`].
///
/// ```no_run
/// # use worker_runtime::{Runtime, RuntimeError, commands::{CreateWorker, StopRuntime}, queries::GetWorker};
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = Runtime::builder().build().await?;
/// let (acme, other) = (runtime.tenant("acme"), runtime.tenant("other"));
///
/// let worker = acme.handle(CreateWorker::new()).await?.detail.worker;
/// let missing = other.handle(GetWorker::new(worker)).await;
/// assert!(matches!(missing, Err(RuntimeError::WorkerNotFound {})));
/// let refused = acme.handle(StopRuntime::new()).await;
/// assert!(matches!(refused, Err(RuntimeError::NotAllowed { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TenantRuntime {
    /// Keeps the Runtime running.
    runtime: Runtime,
    name: Arc<str>,
    /// The tenant as a caller, or the error of a name that no tenant can have.
    caller: Result<Caller, RuntimeError>,
}

impl TenantRuntime {
    pub(super) fn new(runtime: Runtime, name: &Arc<str>) -> Self {
        let core = &runtime.owner.caller.core;
        let caller = core
            .limits
            .check_tenant("tenant", name)
            .map(|()| Caller { core: Arc::clone(core), tenant: Some(core.tenant(name)) });
        Self { caller, name: Arc::clone(name), runtime }
    }

    /// Returns the name of the tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the Runtime, which is half of every [`WorkerRef`](crate::WorkerRef).
    #[must_use]
    pub fn runtime_id(&self) -> RuntimeId {
        self.runtime.runtime_id()
    }

    /// Returns the reference to the Worker with this id, as a path names it. There need not be such a
    /// Worker.
    #[must_use]
    pub fn worker(&self, worker_id: WorkerId) -> WorkerRef {
        WorkerRef { runtime_id: self.runtime_id(), worker_id }
    }

    /// Returns the limits of the Runtime, as far as the quotas of the tenant leave room.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.caller.as_ref().map_or_else(|_| self.runtime.limits().clone(), Caller::limits)
    }

    /// Handles one request for the tenant, as [`Runtime::handle`] does.
    ///
    /// # Errors
    ///
    /// Returns a [`RuntimeError`], which says what was wrong and what to do. A refused command
    /// changes nothing.
    pub async fn handle<R, Kind>(&self, request: R) -> Result<R::Reply, RuntimeError>
    where
        R: Request<Kind>,
    {
        match &self.caller {
            Ok(caller) => handle(caller, request).await,
            Err(error) => Err(error.clone()),
        }
    }

    /// Subscribes to a live stream of the tenant's events and text, as [`Runtime::subscribe`] does.
    /// In the scope of the Runtime the stream has the events of the tenant's Workers, and those of the
    /// Runtime's start and stop.
    ///
    /// # Errors
    ///
    /// Those of [`Runtime::subscribe`].
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, RuntimeError> {
        match &self.caller {
            Ok(caller) => Subscription::new(caller, subscribe).await,
            Err(error) => Err(error.clone()),
        }
    }
}
