//! Who makes a request, and what of the Runtime this caller sees.

use std::sync::Arc;

use crate::{
    domain::context::exhausted,
    error::RuntimeError,
    identity::WorkerRef,
    model::{Cursor, EventFilter, Limits, LogId},
    state::{
        core::Core,
        places::{Place, Places},
        tenant::Tenant,
        worker_cell::WorkerCell,
    },
};

/// Who makes a request: the Backend, which sees the whole Runtime, or whoever acts for a tenant, which
/// sees the tenant's part as if there were nothing else.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) core: Arc<Core>,
    /// The tenant that is acted for; `None` for the Backend.
    pub(crate) tenant: Option<Arc<Tenant>>,
}

/// The places that a subscription takes among those of the Runtime and of its tenant.
#[derive(Debug)]
pub(crate) struct SubscriptionPlace {
    _of_runtime: Place,
    _of_tenant: Option<Place>,
}

impl Caller {
    pub(crate) fn backend(core: Arc<Core>) -> Self {
        Self { core, tenant: None }
    }

    /// Returns the Worker, unless it belongs to another Runtime or the caller does not see it. A
    /// Worker of another tenant is not found, like one that never was.
    pub(crate) fn find(&self, worker: WorkerRef) -> Result<Arc<WorkerCell>, RuntimeError> {
        self.core.check_runtime(worker)?;
        let cell = self.core.catalogue.get(worker.worker_id);
        cell.filter(|cell| self.sees(cell)).ok_or(RuntimeError::WorkerNotFound {})
    }

    fn sees(&self, cell: &WorkerCell) -> bool {
        let Some(tenant) = &self.tenant else { return true };
        cell.tenant.as_ref().is_some_and(|of_worker| Arc::ptr_eq(of_worker, tenant))
    }

    /// Returns the tenant that a request names in a field, or the one that is acted for.
    ///
    /// # Errors
    ///
    /// The name is none, or whoever acts for a tenant has named another one, whether there is such a
    /// tenant or not.
    pub(crate) fn named(
        &self,
        field: &str,
        name: Option<&str>,
    ) -> Result<Option<Arc<str>>, RuntimeError> {
        if let Some(name) = name {
            self.core.limits.check_tenant(field, name)?;
        }
        match (&self.tenant, name) {
            (None, name) => Ok(name.map(Arc::from)),
            (Some(own), name) if name.is_none_or(|name| *name == *own.name) => {
                Ok(Some(Arc::clone(&own.name)))
            }
            (Some(_), _) => Err(RuntimeError::not_allowed("tenant")),
        }
    }

    /// Returns the caller as narrowed to the tenant that a query names, whose part alone is shown.
    ///
    /// # Errors
    ///
    /// Those of [`named`](Self::named).
    pub(crate) fn narrowed(&self, field: &str, name: Option<&str>) -> Result<Self, RuntimeError> {
        let Some(name) = self.named(field, name)? else { return Ok(self.clone()) };
        let tenant = self.core.known_tenant(&name);
        Ok(Self { core: Arc::clone(&self.core), tenant: Some(tenant) })
    }

    /// Checks a filter of events, which may name a tenant.
    pub(crate) fn check_filter(&self, filter: Option<&EventFilter>) -> Result<(), RuntimeError> {
        self.core.limits.check_filter(filter)?;
        let tenant = filter.and_then(|filter| filter.tenant.as_deref());
        self.named("filter.tenant", tenant).map(drop)
    }

    /// The log of the events that the caller sees in the scope of the Runtime.
    pub(crate) fn log_id(&self) -> LogId {
        let epoch = self.core.epoch;
        LogId::Runtime(self.tenant.as_ref().map_or(epoch, |tenant| epoch.of_tenant(&tenant.name)))
    }

    /// Returns the position after the event `sequence` of that log.
    pub(crate) fn runtime_cursor(&self, sequence: u64) -> Cursor {
        self.core.presenter.cursor(self.log_id(), sequence)
    }

    /// The limits as far as they leave room for the caller.
    pub(crate) fn limits(&self) -> Limits {
        let limits = &self.core.limits;
        self.tenant.as_ref().map_or_else(|| limits.clone(), |tenant| tenant.limits(limits))
    }

    pub(crate) fn subscriptions(&self) -> &Places {
        self.tenant.as_ref().map_or(&self.core.subscriptions, |tenant| &tenant.subscriptions)
    }

    pub(crate) fn waiting_queries(&self) -> &Places {
        self.tenant.as_ref().map_or(&self.core.waiting_queries, |tenant| &tenant.waiting_queries)
    }

    /// Takes the places of a subscription, if there are fewer than the limit.
    pub(crate) fn reserve_subscription(&self) -> Result<SubscriptionPlace, RuntimeError> {
        let take =
            |places: &Places| places.take().ok_or_else(|| exhausted("subscriptions", places.max()));
        let of_tenant = self.tenant.as_ref().map(|tenant| take(&tenant.subscriptions));
        Ok(SubscriptionPlace {
            _of_tenant: of_tenant.transpose()?,
            _of_runtime: take(&self.core.subscriptions)?,
        })
    }

    /// Returns the error for a request whose handling panicked.
    pub(crate) fn panicked(&self) -> RuntimeError {
        self.core.panicked(self.tenant.as_ref().map(|tenant| &tenant.name))
    }
}
