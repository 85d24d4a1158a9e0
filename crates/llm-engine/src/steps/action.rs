//! What the host of a turn is told to do, and what it tells.

use crate::{Block, StopReason, ToolChoice};

/// What the host of a turn does next.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NextAction<'a> {
    /// Call the model with the tools and this choice, and tell how that [ended](super::Steps::model_ended).
    CallModel(ToolChoice),
    /// Begin these calls, or as many as there is room for, and tell that they
    /// [began](super::Steps::call_began).
    BeginCalls(Vec<usize>),
    /// Wait until something is told of a call that is not over.
    Wait,
    /// All calls are over: [take](super::Steps::end_step) the step.
    EndStep,
    /// The turn is over.
    Done(&'a StepsEnd),
}

/// The end of a model call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ModelEnd {
    /// The model stopped, for this reason.
    Completed(StopReason),
    /// The model call failed, or was cancelled.
    Cut,
}

/// The end of the steps of a turn.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StepsEnd {
    /// The model answered.
    Answered {
        /// The output of the last model call, which has no calls.
        blocks: Vec<Block>,
        /// The reason for which the model stopped.
        stop_reason: StopReason,
    },
    /// A model call failed or was cancelled. Its calls and its opaque parts are worth nothing.
    Cut {
        /// What the model had said in it.
        text: String,
    },
    /// The turn cannot go on.
    Failed(StepsFailure),
    /// The host gave the turn up.
    Abandoned,
}

/// Why a turn cannot go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StepsFailure {
    /// The model said that it calls a tool, and called none.
    #[error("the model said that it calls a tool and did not; try again")]
    Protocol,
    /// The last step that was allowed asked for more.
    #[error("the model asked for more tool calls than the steps of a turn allow; raise the limit")]
    Limit,
    /// The model made the same call with the same result again, after it was told not to.
    #[error("the model made the same tool call again and again, with the same result")]
    Repeated,
}

/// Whether a call may begin.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not.
    Deny {
        /// The reason, for the model. It may be empty.
        note: String,
    },
}
