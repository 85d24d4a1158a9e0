//! Summaries of the store and of the claims that Workers hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{identity::WorkerRef, model::Access};

/// The Runtime's store. Live figures.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoreSummary {
    /// What it is, such as `memory`.
    pub kind: String,
    /// Whether what it took outlives the process.
    pub durable: bool,
    /// Commits that failed or that it left open, since the Runtime started.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub failures: u64,
    /// Workers whose last commit is still undecided.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub pending: u64,
}

/// What live Workers hold. Live figures.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AllocationSummary {
    /// How many claims there are.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub claims: u64,
    /// The first of them by resource, at most 100.
    pub holders: Vec<ClaimHolder>,
    /// Whether there are more than shown.
    pub more: bool,
}

/// One claim and who has it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClaimHolder {
    /// The resource.
    pub resource: String,
    /// How much of it.
    pub access: Access,
    /// Who holds it.
    pub worker: WorkerRef,
}
