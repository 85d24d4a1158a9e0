//! The quotas of a tenant.

/// How much of a Runtime one tenant may take. A quota that is absent, or above the Runtime's own
/// limit, leaves the Runtime's limit.
///
/// A request past a quota is refused with `capacity_exhausted`, which names the limit and the quota.
/// Workers that are restored from the store are never refused.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct TenantQuotas {
    /// The most Workers of the tenant, ended ones included.
    pub workers: Option<u64>,
    /// The most turns of the tenant's Workers that run at once.
    pub turns_in_flight: Option<u64>,
    /// The most subscriptions of the tenant at once. Those that the Backend itself makes do not
    /// count.
    pub subscriptions: Option<u64>,
}

impl TenantQuotas {
    /// Sets no quota.
    #[must_use]
    pub const fn new() -> Self {
        Self { workers: None, turns_in_flight: None, subscriptions: None }
    }

    /// Sets the most Workers of the tenant.
    #[must_use]
    pub const fn workers(mut self, workers: u64) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets the most turns of the tenant's Workers that run at once.
    #[must_use]
    pub const fn turns_in_flight(mut self, turns_in_flight: u64) -> Self {
        self.turns_in_flight = Some(turns_in_flight);
        self
    }

    /// Sets the most subscriptions of the tenant at once.
    #[must_use]
    pub const fn subscriptions(mut self, subscriptions: u64) -> Self {
        self.subscriptions = Some(subscriptions);
        self
    }
}
