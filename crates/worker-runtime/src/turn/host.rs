//! Starts the turns that commits begin, and cancels turns when the deadline of a stop has passed.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::{runtime::Handle, time::Instant};
use tracing::Instrument;

use crate::{
    state::{core::Core, live::Live, turn_host::TurnHost, worker_cell::WorkerCell},
    sync::spawn_on,
    turn::{
        drive::{Driven, drive},
        ending::cancel_late,
        watch,
    },
};

/// Starts and cancels the turns of a Runtime.
#[derive(Debug)]
pub(crate) struct Turns {
    /// The tokio runtime on which engines run.
    handle: Handle,
    /// Whether the watch runs.
    watching: Arc<AtomicBool>,
}

impl Turns {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { handle, watching: Arc::default() }
    }
}

impl TurnHost for Turns {
    fn start(&self, core: &Arc<Core>, cell: &Arc<WorkerCell>, live: Arc<Live>) {
        let turn_id = live.turn_id;
        // From here on the turn has an end, whatever happens.
        let driven = Driven::new(core, cell, live);
        let span = tracing::info_span!(
            "turn",
            runtime_id = %core.identity.runtime_id,
            worker_id = %cell.worker_id,
            tenant = cell.tenant.as_ref().map(|tenant| &*tenant.name),
            %turn_id,
        );
        let turn = drive(driven);
        spawn_on(&self.handle, turn.instrument(span));
        watch::ensure(core, &self.watching);
    }

    fn cancel_at(&self, core: &Arc<Core>, cell: &Arc<WorkerCell>, at: Instant) {
        let live = cell.lock().live.clone();
        let Some(live) = live else { return };
        let turn_id = live.turn_id;
        let (core_there, cell) = (Arc::downgrade(core), Arc::downgrade(cell));
        let timer = core.executor.timer(at);
        live.cancel_at(at, || {
            let wait = async move {
                timer.await;
                if let (Some(core), Some(cell)) = (core_there.upgrade(), cell.upgrade()) {
                    cancel_late(&core, &cell, turn_id).await;
                }
            };
            core.executor.spawn(wait)
        });
    }
}
