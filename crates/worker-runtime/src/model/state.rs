//! The states of a Worker and the outcomes of a turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a Worker is in its life.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Waits for input.
    Idle,
    /// Runs a turn.
    Running,
    /// Finishes its last turn.
    Stopping,
    /// Has ended after its last turn. Terminal.
    Stopped,
    /// Was ended with its turn. Terminal.
    Cancelled,
}

impl WorkerState {
    /// All states, the terminal ones last.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Running, Self::Stopping, Self::Stopped, Self::Cancelled];

    /// Returns whether the state is terminal: the Worker has ended and takes no more input.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Stopped | Self::Cancelled => true,
            Self::Idle | Self::Running | Self::Stopping => false,
        }
    }
}

/// How a turn ended.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TurnOutcome {
    /// The model finished.
    Completed,
    /// It failed; the turn's error says why.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Its Runtime died while it ran.
    Lost,
}

impl TurnOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::Cancelled, Self::Lost];
}
