//! The events of a Worker's turn.

use std::sync::Arc;

use llm_engine::{CallErrorKind, CallOutcome, Json, TokenUsage, ToolResult, TurnEvent};

/// An event of a Worker's turn. The last one is a terminal [`TurnEvent`].
///
/// A turn with tools begins with one [`TurnEvent::Started`] and has the other events of the engine
/// for each of its model calls, with the token counts of the whole turn. Calls are numbered from 0
/// in each step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WorkerEvent {
    /// An event of the engine.
    Turn(TurnEvent),
    /// The conversation did not fit into the model's context. The turn runs again with less of it.
    HistoryShortened {
        /// The number of messages of the first try that are left out.
        dropped: usize,
        /// The number of messages that the model is given.
        kept: usize,
    },
    /// A model call ended that calls tools.
    StepCompleted {
        /// The number of the step, from 1.
        step: u32,
        /// The token counts of this step alone.
        usage: TokenUsage,
    },
    /// A tool begins to run.
    ToolStarted {
        /// The number of the call.
        index: usize,
        /// The name of the tool.
        name: Arc<str>,
    },
    /// A tool says how far it is. Some of this is lost if nobody keeps up with it.
    ToolProgress {
        /// The number of the call.
        index: usize,
        /// The words of the tool, cut if they are long.
        text: String,
    },
    /// A call is over, whether its tool ran or not.
    ToolFinished {
        /// The number of the call.
        index: usize,
        /// The name of the tool, as the model wrote it.
        name: Arc<str>,
        /// How it ended.
        outcome: CallOutcome,
        /// Why it did not succeed.
        error: Option<CallErrorKind>,
        /// What the model is given.
        result: ToolResult,
        /// The result as a value, if the tool gave one.
        data: Option<Json>,
    },
}

impl WorkerEvent {
    /// Returns whether this event ends the turn.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Turn(event) => event.is_terminal(),
            Self::HistoryShortened { .. }
            | Self::StepCompleted { .. }
            | Self::ToolStarted { .. }
            | Self::ToolProgress { .. }
            | Self::ToolFinished { .. } => false,
        }
    }
}
