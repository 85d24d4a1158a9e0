//! The summary of a Runtime: its state, its counts and its capabilities.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::{Epoch, RuntimeId},
    model::{ProfileSelector, TurnOutcome, WorkerState, saturating_sum},
};

/// The state of a Runtime in its life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeState {
    /// The Runtime takes all requests.
    Running,
    /// The Runtime finishes the turns that run and takes no new work.
    Stopping,
    /// The Runtime has ended. It still answers queries.
    Stopped,
}

/// A summary of a Runtime: its identity, its state and its counts.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuntimeSummary {
    /// The id of the Runtime.
    pub runtime_id: RuntimeId,
    /// The name of the Runtime, for people.
    #[schemars(with = "String")]
    pub display_name: Arc<str>,
    /// The id of the present start of the Runtime.
    pub epoch: Epoch,
    /// The state of the Runtime in its life.
    pub state: RuntimeState,
    /// The time at which the Runtime started, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: u64,
    /// The number of Workers in each state.
    pub workers: StateCounts,
    /// The number of turns that run.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turns_in_flight: u64,
}

/// The number of Workers in each state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StateCounts {
    /// The number of Workers that wait for input.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub idle: u64,
    /// The number of Workers that run a turn.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub running: u64,
    /// The number of Workers that finish their last turn.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub stopping: u64,
    /// The number of Workers that have ended after their last turn.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub stopped: u64,
    /// The number of Workers that were cancelled.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub cancelled: u64,
}

impl StateCounts {
    /// Returns the number of Workers in one state.
    #[must_use]
    pub const fn get(&self, state: WorkerState) -> u64 {
        match state {
            WorkerState::Idle => self.idle,
            WorkerState::Running => self.running,
            WorkerState::Stopping => self.stopping,
            WorkerState::Stopped => self.stopped,
            WorkerState::Cancelled => self.cancelled,
        }
    }

    pub(crate) fn get_mut(&mut self, state: WorkerState) -> &mut u64 {
        match state {
            WorkerState::Idle => &mut self.idle,
            WorkerState::Running => &mut self.running,
            WorkerState::Stopping => &mut self.stopping,
            WorkerState::Stopped => &mut self.stopped,
            WorkerState::Cancelled => &mut self.cancelled,
        }
    }

    /// Returns the number of Workers in all states together, at most 2<sup>53</sup> − 1.
    #[must_use]
    pub fn total(&self) -> u64 {
        WorkerState::ALL.iter().fold(0, |sum, state| saturating_sum(sum, self.get(*state)))
    }
}

/// The number of ended turns with each outcome.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutcomeCounts {
    /// The number of turns that the model finished.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub completed: u64,
    /// The number of turns that failed.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub failed: u64,
    /// The number of turns that were cancelled.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub cancelled: u64,
    /// The number of turns whose Runtime died while they ran.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub lost: u64,
}

impl OutcomeCounts {
    /// Returns the number of turns with one outcome.
    #[must_use]
    pub const fn get(&self, outcome: TurnOutcome) -> u64 {
        match outcome {
            TurnOutcome::Completed => self.completed,
            TurnOutcome::Failed => self.failed,
            TurnOutcome::Cancelled => self.cancelled,
            TurnOutcome::Lost => self.lost,
        }
    }

    pub(crate) fn get_mut(&mut self, outcome: TurnOutcome) -> &mut u64 {
        match outcome {
            TurnOutcome::Completed => &mut self.completed,
            TurnOutcome::Failed => &mut self.failed,
            TurnOutcome::Cancelled => &mut self.cancelled,
            TurnOutcome::Lost => &mut self.lost,
        }
    }

    /// Raises each count to that of `least`, if it is less. Returns whether one was.
    pub(crate) fn raise_to(&mut self, least: &Self) -> bool {
        let before = *self;
        for outcome in TurnOutcome::ALL {
            let count = self.get_mut(outcome);
            *count = least.get(outcome).max(*count);
        }
        *self != before
    }

    /// Adds other counts. Sums saturate at the largest integer on the wire.
    pub(crate) fn add(&mut self, other: &Self) {
        for outcome in TurnOutcome::ALL {
            let sum = self.get_mut(outcome);
            *sum = saturating_sum(*sum, other.get(outcome));
        }
    }
}

/// The requests, events and profiles that a Runtime has.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The `type` of every command that the Runtime takes.
    pub commands: Vec<String>,
    /// The `type` of every query that the Runtime answers.
    pub queries: Vec<String>,
    /// The `type` of every event that the Runtime knows.
    pub events: Vec<String>,
    /// The values of `if_busy` that `send_input` takes.
    pub busy_policies: Vec<BusyPolicy>,
    /// The profiles that Workers may select.
    pub profiles: Vec<AvailableProfile>,
}

/// The treatment of an input whose Worker runs a turn.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyPolicy {
    /// The input is refused with `worker_busy`.
    #[default]
    Reject,
}

/// A profile that Workers may select.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AvailableProfile {
    /// The selector that chooses the profile.
    pub selector: ProfileSelector,
    /// The name of the provider behind the profile.
    pub provider: String,
    /// The name of the model, as the profile has it. If absent, the profile names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The version of the API that a Runtime speaks.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ApiVersion {
    /// The major version, which goes up when something that worked no longer does.
    pub major: u32,
    /// The minor version, which goes up when something was added.
    pub minor: u32,
    /// The SHA-256 digest of the schema documents, in hexadecimal.
    pub schema_digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MAX_INTEGER;

    #[test]
    fn counts_stay_at_the_largest_integer_on_the_wire() {
        let many = StateCounts { idle: u64::MAX, running: u64::MAX, ..StateCounts::default() };
        assert_eq!(many.total(), MAX_INTEGER);
        let mut turns = OutcomeCounts { lost: MAX_INTEGER, failed: 1, ..OutcomeCounts::default() };
        turns.add(&OutcomeCounts { lost: u64::MAX, failed: 1, ..OutcomeCounts::default() });
        assert_eq!([turns.lost, turns.failed], [MAX_INTEGER, 2]);
    }
}
