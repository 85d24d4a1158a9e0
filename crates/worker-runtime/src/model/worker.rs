//! Workers, as replies and events show them: a summary and the full detail.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CapabilityGrant, ConfigBundle, Intent, Labels, ProfileSelector, ScopeClaim, TurnDetail,
    TurnOutcome, Usage, WorkerCommand, WorkerState,
};
use crate::identity::{DisplayName, DisplayRef, TurnId, WorkerRef};

/// A Worker at a glance.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerSummary {
    /// The Worker.
    pub worker: WorkerRef,
    /// Its name for people.
    pub display_name: DisplayName,
    /// Its name with the Runtime's, for people.
    pub display_ref: DisplayRef,
    /// Where it is in its life.
    pub state: WorkerState,
    /// What it is filed under.
    pub labels: Arc<Labels>,
    /// The running turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// When the running turn started, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turn_started_at_ms: Option<u64>,
    /// How the turn that ended last went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<TurnOutcome>,
    /// How many entries its transcript has.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entries: u64,
    /// What its turns consumed.
    pub usage: Usage,
    /// The last event that is shown here.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: u64,
    /// When it was created, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub created_at_ms: u64,
    /// When that last event was, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub active_at_ms: u64,
}

/// Everything about a Worker but its transcript.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerDetail {
    /// The Worker.
    pub worker: WorkerRef,
    /// Its name for people.
    pub display_name: DisplayName,
    /// Its name with the Runtime's, for people.
    pub display_ref: DisplayRef,
    /// Where it is in its life.
    pub state: WorkerState,
    /// What it is filed under.
    pub labels: Arc<Labels>,
    /// The running turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// When the running turn started, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turn_started_at_ms: Option<u64>,
    /// How the turn that ended last went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<TurnOutcome>,
    /// How many entries its transcript has.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entries: u64,
    /// What its turns consumed.
    pub usage: Usage,
    /// The last event that is shown here.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub worker_sequence: u64,
    /// When it was created, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub created_at_ms: u64,
    /// When that last event was, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub active_at_ms: u64,
    /// Why it exists.
    pub intent: Intent,
    /// The profile of its next turn.
    pub profile: ProfileSelector,
    /// Its own instructions, which replace the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub instructions: Option<Arc<str>>,
    /// The configuration that the Backend keeps elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ConfigBundle>")]
    pub config_bundle: Option<Arc<ConfigBundle>>,
    /// What was asked for at creation, and what came of it.
    pub capabilities: Vec<CapabilityGrant>,
    /// What it claimed at creation; held until it ends.
    pub scope_claims: Vec<ScopeClaim>,
    /// Its latest turn, running or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TurnDetail>")]
    pub last_turn: Option<Arc<TurnDetail>>,
    /// The commands that change something in its state, in the order of the lifecycle table.
    pub allowed_commands: Vec<WorkerCommand>,
    /// The reason given when it was stopped or cancelled.
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
