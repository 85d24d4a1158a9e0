//! The order in which calls begin.

use super::{CallState, StepCall};

/// Returns the calls that may begin now.
///
/// A call begins when all before it are over, so that effects happen in the model's order. Calls of
/// parallel tools do not wait for each other, as long as nothing else that is not over stands
/// between or before them.
pub(super) fn may_begin(calls: &[StepCall]) -> Vec<usize> {
    let mut begin = Vec::new();
    let mut is_first = true;
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| !call.is_over()) {
        let is_parallel = call.is_parallel();
        if !is_first && !is_parallel {
            break;
        }
        if call.state == CallState::Ready {
            begin.push(index);
        }
        if !is_parallel {
            break;
        }
        is_first = false;
    }
    begin
}
