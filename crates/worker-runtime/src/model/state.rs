//! The states of a Worker and the outcomes of a turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a Worker in its life.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// The Worker waits for input.
    Idle,
    /// The Worker runs a turn.
    Running,
    /// The Worker finishes its last turn and takes no more input.
    Stopping,
    /// The Worker has ended after its last turn. The state is final.
    Stopped,
    /// The Worker was ended at once, with its running turn. The state is final.
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

/// The way in which a turn ended.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TurnOutcome {
    /// The model finished.
    Completed,
    /// The turn failed, and its error says why.
    Failed,
    /// The turn was cancelled.
    Cancelled,
    /// The Runtime of the turn died while the turn ran.
    Lost,
}

impl TurnOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::Cancelled, Self::Lost];
}
