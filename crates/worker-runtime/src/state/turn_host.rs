//! The part of the Runtime that runs turns, as the state sees it.

use std::{fmt, sync::Arc, time::Duration};

use crate::state::{core::Core, live::Live, worker_cell::Cell};

/// Runs turns.
///
/// Turns are begun and cancelled by commits, and commit their own end: with plain calls, `commit` and
/// `turn` would need each other. So the builder installs the implementation, which is in `turn`, and
/// whatever lies below knows this trait alone.
pub(crate) trait TurnHost: fmt::Debug + Send + Sync {
    /// Starts a turn whose begin was committed.
    fn start(&self, core: &Arc<Core>, cell: &Arc<Cell>, live: Arc<Live>);

    /// Cancels the last turn of a Worker that stops, once the time is up. The soonest deadline counts.
    fn cancel_within(&self, core: &Arc<Core>, cell: &Arc<Cell>, within: Duration);
}
