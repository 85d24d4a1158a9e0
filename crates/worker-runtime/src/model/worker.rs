//! Workers, as replies and events show them: a summary and the full detail.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CapabilityGrant, ConfigBundle, Intent, Labels, ProfileSelector, ScopeClaim, TurnDetail,
    TurnOutcome, Usage, WorkerCommand, WorkerState,
};
use crate::identity::{DisplayName, DisplayRef, TurnId, WorkerRef};

/// A summary of a Worker, as lists show it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerSummary {
    /// The reference that addresses the Worker.
    pub worker: WorkerRef,
    /// The name of the Worker, for people.
    pub display_name: DisplayName,
    /// The names of the Worker and of its Runtime, joined by `@`, for people. It does not address
    /// the Worker.
    pub display_ref: DisplayRef,
    /// The state of the Worker in its life.
    pub state: WorkerState,
    /// The labels of the Worker.
    pub labels: Arc<Labels>,
    /// The tenant that the Worker belongs to. If absent, it belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<Arc<str>>,
    /// The id of the running turn. If absent, no turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The time at which the running turn started, in milliseconds since the Unix epoch. If absent,
    /// no turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turn_started_at_ms: Option<u64>,
    /// The way in which the turn ended that ended last. If absent, no turn has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<TurnOutcome>,
    /// The number of entries in the transcript.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entries: u64,
    /// The tokens and the time that the Worker's ended turns consumed.
    pub usage: Usage,
    /// The `worker_sequence` of the last event that is shown here.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: u64,
    /// The time at which the Worker was created, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub created_at_ms: u64,
    /// The time of the last event that is shown here, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub active_at_ms: u64,
}

/// A Worker in full, except for its transcript and its earlier turns.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerDetail {
    /// The reference that addresses the Worker.
    pub worker: WorkerRef,
    /// The name of the Worker, for people.
    pub display_name: DisplayName,
    /// The names of the Worker and of its Runtime, joined by `@`, for people. It does not address
    /// the Worker.
    pub display_ref: DisplayRef,
    /// The state of the Worker in its life.
    pub state: WorkerState,
    /// The labels of the Worker.
    pub labels: Arc<Labels>,
    /// The tenant that the Worker belongs to. If absent, it belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<Arc<str>>,
    /// The id of the running turn. If absent, no turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The time at which the running turn started, in milliseconds since the Unix epoch. If absent,
    /// no turn runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turn_started_at_ms: Option<u64>,
    /// The way in which the turn ended that ended last. If absent, no turn has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<TurnOutcome>,
    /// The number of entries in the transcript.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entries: u64,
    /// The tokens and the time that the Worker's ended turns consumed.
    pub usage: Usage,
    /// The `worker_sequence` of the last event that is shown here.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: u64,
    /// The time at which the Worker was created, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub created_at_ms: u64,
    /// The time of the last event that is shown here, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub active_at_ms: u64,
    /// The reason for which the Worker exists.
    pub intent: Intent,
    /// The profile of the Worker's next turn.
    pub profile: ProfileSelector,
    /// The Worker's own instructions, which replace those of the profile. If absent, those of the
    /// profile count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub instructions: Option<Arc<str>>,
    /// A reference to a configuration that the Backend keeps elsewhere. If absent, none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ConfigBundle>")]
    pub config_bundle: Option<Arc<ConfigBundle>>,
    /// The capabilities that were requested at the creation, and whether they were granted.
    pub capabilities: Vec<CapabilityGrant>,
    /// The claims that were made at the creation. The Worker holds them until it ends.
    pub scope_claims: Vec<ScopeClaim>,
    /// The turn that began last, running or ended. If absent, no turn has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TurnDetail>")]
    pub last_turn: Option<Arc<TurnDetail>>,
    /// The commands that change something in the Worker's state, whatever the state of the Runtime,
    /// in the order of the lifecycle table.
    pub allowed_commands: Vec<WorkerCommand>,
    /// The reason that was given when the Worker was stopped or cancelled. If absent, none was
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub end_reason: Option<Arc<str>>,
}

impl WorkerDetail {
    /// Returns the summary that lists show, for a client that keeps its own list of Workers.
    #[must_use]
    pub fn summary(&self) -> WorkerSummary {
        WorkerSummary {
            worker: self.worker,
            display_name: self.display_name.clone(),
            display_ref: self.display_ref.clone(),
            state: self.state,
            labels: self.labels.clone(),
            tenant: self.tenant.clone(),
            turn_id: self.turn_id,
            turn_started_at_ms: self.turn_started_at_ms,
            last_outcome: self.last_outcome,
            entries: self.entries,
            usage: self.usage,
            worker_sequence: self.worker_sequence,
            created_at_ms: self.created_at_ms,
            active_at_ms: self.active_at_ms,
        }
    }
}
