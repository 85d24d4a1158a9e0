//! A tenant of the Runtime, and the places that its quotas leave it.

use std::sync::Arc;

use crate::{
    model::{Limits, TenantQuotas},
    state::places::Places,
};

/// A tenant of the Runtime.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) name: Arc<str>,
    /// The tenant's Workers and the creations of further ones.
    pub(crate) workers: Places,
    /// The turns of the tenant's Workers that run or are about to.
    pub(crate) turns: Places,
    pub(crate) subscriptions: Places,
    /// The queries that wait. Their number is not limited here.
    pub(crate) waiting_queries: Places,
}

impl Tenant {
    /// Creates a tenant that has nothing yet. A quota above the limit of the Runtime is the limit.
    pub(crate) fn new(name: Arc<str>, quotas: TenantQuotas, limits: &Limits) -> Self {
        let places =
            |quota: Option<u64>, limit: u64| Places::new(quota.unwrap_or(limit).min(limit));
        Self {
            name,
            workers: places(quotas.workers, limits.workers),
            turns: places(quotas.turns_in_flight, limits.turns_in_flight),
            subscriptions: places(quotas.subscriptions, limits.subscriptions),
            waiting_queries: Places::new(u64::MAX),
        }
    }

    /// Returns the limits of the Runtime as far as they leave room for this tenant.
    pub(crate) fn limits(&self, limits: &Limits) -> Limits {
        Limits {
            workers: self.workers.max(),
            turns_in_flight: self.turns.max(),
            subscriptions: self.subscriptions.max(),
            ..limits.clone()
        }
    }
}
