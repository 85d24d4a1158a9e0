//! The interface through which the state and the commits start and cancel turns.

use std::{fmt, sync::Arc};

use tokio::time::Instant;

use crate::state::{core::Core, live::Live, worker_cell::WorkerCell};

/// Runs turns.
///
/// Commits start and cancel turns, and a turn commits its own end, so with plain calls the modules
/// `commit` and `turn` would depend on each other. Therefore the implementation is in `turn`, the
/// builder installs it, and `commit` and `state` know this trait only.
pub(crate) trait TurnHost: fmt::Debug + Send + Sync {
    /// Starts a turn, after the commit that begins it was applied.
    fn start(&self, core: &Arc<Core>, cell: &Arc<WorkerCell>, live: Arc<Live>);

    /// Cancels the running turn of a Worker at the time `at`, unless the turn is over by then. If
    /// there are several deadlines, the soonest one counts.
    fn cancel_at(&self, core: &Arc<Core>, cell: &Arc<WorkerCell>, at: Instant);
}
