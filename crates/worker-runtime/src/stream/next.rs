//! What comes next in a log.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    log::Published,
    model::{EndReason, StreamItem},
};

/// Events that a reader takes from a log at once.
pub(super) const AT_ONCE: usize = 128;

/// What comes next in a log after a position.
#[derive(Debug)]
pub(super) enum Next {
    /// The event after the position: the one at this index of a commit.
    Event(Arc<Published>, usize),
    /// The events up to `floor` are no longer kept.
    Missed { floor: u64 },
    /// Text of the running turn.
    Text(StreamItem),
    /// Nothing more will come.
    Ended(EndReason),
}

/// The event right after `position` among commits that were read there. Commits before it are dropped.
pub(super) fn event_after(
    position: u64,
    pending: &mut VecDeque<Arc<Published>>,
) -> Option<(Arc<Published>, usize)> {
    while pending.pop_front_if(|commit| commit.last() <= position).is_some() {}
    let commit = pending.front()?;
    Some((Arc::clone(commit), commit.index_of(position + 1)?))
}
