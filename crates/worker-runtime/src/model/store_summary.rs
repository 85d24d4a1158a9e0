//! Summaries of the store, of the claims that Workers hold, and of what is open.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{identity::WorkerRef, model::Access};

/// The Runtime's store and its present condition. The figures change without an event.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoreSummary {
    /// The kind of the store, such as `memory`.
    pub kind: String,
    /// Whether committed data outlives the process.
    pub durable: bool,
    /// The number of commits, and of renewals and releases of the store's lease, since the Runtime
    /// started that failed or whose outcome was unknown. It is 0 for who acts for a tenant, because the
    /// store is the whole Runtime's.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub failures: u64,
    /// The number of Workers with a commit whose outcome is still unknown. It is 0 for who acts for a
    /// tenant.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub pending: u64,
}

/// The claims that Workers hold. The figures change without an event.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AllocationSummary {
    /// The number of claims that Workers hold.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub claims: u64,
    /// The first claims in the order of their tenants and resources, at most 100.
    pub holders: Vec<ClaimHolder>,
    /// Whether there are more claims than `holders` shows.
    pub more: bool,
}

/// The subscriptions and the waiting queries that are open. The figures change without an event.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OpenSummary {
    /// The number of subscriptions that were made and not dropped, the Runtime's own waits for turns
    /// and Workers included. At most `limits.subscriptions`.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub subscriptions: u64,
    /// The number of queries with `wait_ms` that wait at this moment.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub waiting_queries: u64,
}

/// A claim on a resource, and the Worker that holds it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClaimHolder {
    /// The name of the resource.
    pub resource: String,
    /// The access to the resource that the claim reserves.
    pub access: Access,
    /// The Worker that holds the claim.
    pub worker: WorkerRef,
    /// The tenant that the Worker belongs to. Claims of two tenants are never in conflict. If absent,
    /// the Worker belongs to no tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<Arc<str>>,
}
