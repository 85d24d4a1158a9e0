//! The events of a Worker's turn.

use llm_engine::TurnEvent;

/// An event of a Worker's turn. The last one is a terminal [`TurnEvent`].
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
}
