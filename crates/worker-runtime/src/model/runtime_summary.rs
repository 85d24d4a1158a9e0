//! The summary of a Runtime: its state, its counts and its capabilities.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity::{Epoch, RuntimeId},
    model::{ProfileSelector, TurnOutcome, WorkerState, saturating_sum},
};

/// Where a Runtime is in its life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeState {
    /// Takes everything.
    Running,
    /// Finishes what runs and takes no new work.
    Stopping,
    /// Has ended; queries go on.
    Stopped,
}

/// A Runtime at a glance.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuntimeSummary {
    /// The Runtime.
    pub runtime_id: RuntimeId,
    /// Its name for people.
    #[schemars(with = "String")]
    pub display_name: Arc<str>,
    /// This start of it.
    pub epoch: Epoch,
    /// Where it is in its life.
    pub state: RuntimeState,
    /// When it started, in milliseconds since the Unix epoch.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub started_at_ms: u64,
    /// How many Workers it holds, by state.
    pub workers: StateCounts,
    /// How many turns run.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turns_in_flight: u64,
}

/// How many Workers are in each state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StateCounts {
    /// Workers that wait for input.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub idle: u64,
    /// Workers that run a turn.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub running: u64,
    /// Workers that finish their last turn.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub stopping: u64,
    /// Workers that were stopped.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub stopped: u64,
    /// Workers that were cancelled.
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

/// How many turns ended in each way.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutcomeCounts {
    /// Turns that the model finished.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub completed: u64,
    /// Turns that failed.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub failed: u64,
    /// Turns that were cancelled.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub cancelled: u64,
    /// Turns whose Runtime died.
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

    /// Adds other counts. Sums saturate at the largest integer on the wire.
    pub(crate) fn add(&mut self, other: &Self) {
        for outcome in TurnOutcome::ALL {
            let sum = self.get_mut(outcome);
            *sum = saturating_sum(*sum, other.get(outcome));
        }
    }
}

/// What a Runtime can do.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The `type` of every command.
    pub commands: Vec<String>,
    /// The `type` of every query.
    pub queries: Vec<String>,
    /// The `type` of every event.
    pub events: Vec<String>,
    /// What `send_input` can do when the Worker is busy.
    pub busy_policies: Vec<BusyPolicy>,
    /// The profiles that the Runtime was built with.
    pub profiles: Vec<AvailableProfile>,
}

/// What to do with an input for a busy Worker.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyPolicy {
    /// Refuse it with `worker_busy`.
    #[default]
    Reject,
}

/// A profile that Workers may select.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AvailableProfile {
    /// How to select it.
    pub selector: ProfileSelector,
    /// The provider behind it.
    pub provider: String,
    /// The model, as the profile names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The version of the API that a Runtime speaks.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ApiVersion {
    /// Goes up when something that worked no longer does.
    pub major: u32,
    /// Goes up when something was added.
    pub minor: u32,
    /// The digest of the schema documents, in hexadecimal.
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
