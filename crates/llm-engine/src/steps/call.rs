//! A call of the open step.

use super::CallEnd;
use crate::{CheckedTool, ModelCall, ToolInput};

/// A call of the open step, with its state.
#[derive(Clone, Debug)]
pub struct StepCall {
    pub(super) call: ModelCall,
    /// The tool and its arguments, if the call was found executable.
    pub(super) runnable: Option<(CheckedTool, ToolInput)>,
    pub(super) state: CallState,
}

/// The state of a call of the open step.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallState {
    /// Somebody must still decide whether it may begin.
    Undecided,
    /// It begins when its turn in the order comes.
    Ready,
    /// It began, and its tool has not returned.
    Running,
    /// It began, and waits for a result or an answer from outside.
    Waiting,
    /// It is over.
    Ended(CallEnd),
}

impl StepCall {
    /// Returns the call, as the model wrote it.
    #[must_use]
    pub fn call(&self) -> &ModelCall {
        &self.call
    }

    /// Returns the tool and the arguments, which were checked. `None` if the call cannot run.
    #[must_use]
    pub fn runnable(&self) -> Option<(&CheckedTool, &ToolInput)> {
        self.runnable.as_ref().map(|(tool, input)| (tool, input))
    }

    /// Returns the state.
    #[must_use]
    pub fn state(&self) -> &CallState {
        &self.state
    }

    pub(super) fn is_over(&self) -> bool {
        match self.state {
            CallState::Ended(_) => true,
            CallState::Undecided | CallState::Ready | CallState::Running | CallState::Waiting => {
                false
            }
        }
    }

    pub(super) fn is_parallel(&self) -> bool {
        self.runnable().is_some_and(|(tool, _)| tool.spec().is_parallel())
    }
}
