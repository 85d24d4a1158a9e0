//! The item that follows a position in a log.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    log::Published,
    model::{EndReason, StreamItem},
};

/// The number of events that a reader takes from a log at once, rounded up to whole commits.
pub(super) const AT_ONCE: usize = 128;

/// The item that follows a position in a log.
#[derive(Debug)]
pub(super) enum Next {
    /// The event after the position: the one at this index of a commit.
    Event(Arc<Published>, usize),
    /// The events up to `floor` are no longer kept.
    Missed { floor: u64 },
    /// Text of the running turn.
    Text(StreamItem),
    /// No item follows any more, for this reason.
    Ended(EndReason),
}

/// Returns the event right after `position`, if it is in `pending`. Commits that end at or before
/// `position` are dropped.
pub(super) fn event_after(
    position: u64,
    pending: &mut VecDeque<Arc<Published>>,
) -> Option<(Arc<Published>, usize)> {
    while pending.pop_front_if(|commit| commit.last() <= position).is_some() {}
    let commit = pending.front()?;
    Some((Arc::clone(commit), commit.index_of(position + 1)?))
}
