//! What is left to do about a commit once the Worker's lock is gone.

use std::{sync::Arc, time::Duration};

use crate::{
    log::Published,
    state::{
        core::Core,
        in_flight::Counted,
        live::{Closed, Live},
        worker_cell::{Cell, Handover},
    },
    store::WorkerRecord,
    sync::{Wakers, contained},
};

/// The effects of a commit that was applied.
///
/// Everything that a commit does has one order. Under the Worker's lock the events are appended to the
/// logs and the figures move with them, which publishes the change. With no lock held, the fields here
/// follow from top to bottom: others are woken, the ended turn is left and the next one started, and only
/// then what others wait for is counted out. A Runtime that stops therefore cannot end its streams before
/// the last event of a turn is in the log.
#[derive(Debug, Default)]
#[must_use = "the rest of the commit is still to be done"]
pub(crate) struct Effects {
    /// The permit goes to the next in the queue.
    pub(super) handover: Handover,
    /// The Worker was deleted: nobody finds it any more.
    pub(super) removed: bool,
    pub(super) wakers: Wakers,
    /// The engine of the turn that ended is left.
    pub(super) ended: Option<Closed>,
    pub(super) start_turn: Option<Arc<Live>>,
    /// The running turn is cancelled once this time is up.
    pub(super) cancel_within: Option<Duration>,
    /// The turn that ended is counted out.
    pub(super) counted_out: Option<Counted>,
    pub(super) garbage: DeferredDrops,
}

/// What is dropped outside the lock: it may be large, or the last that holds something of the Backend's.
#[derive(Debug, Default)]
pub(super) struct DeferredDrops {
    pub(super) record: Option<Arc<WorkerRecord>>,
    pub(super) events: Vec<Arc<Published>>,
    pub(super) commits: Vec<Arc<Published>>,
    pub(super) live: Option<Arc<Live>>,
    pub(super) fading: Option<Arc<Live>>,
    pub(super) cell: Option<Arc<Cell>>,
}

impl Effects {
    /// Has the effects happen, with no lock held.
    pub(crate) fn run(self, core: &Arc<Core>, cell: &Arc<Cell>) {
        let Self {
            handover,
            removed,
            wakers,
            ended,
            start_turn,
            cancel_within,
            counted_out,
            garbage,
        } = self;
        handover.send();
        if removed {
            core.catalogue.remove(cell.worker_id);
            core.ended_workers.forget(cell.ordinal);
        }
        // A waker that panics costs its own task, and not the rest of the commit.
        let _ = contained(|| core.wake(wakers));
        ended.into_iter().for_each(Closed::leave);
        if let Some(live) = start_turn {
            core.turns.start(core, cell, live);
        }
        if let Some(within) = cancel_within {
            core.turns.cancel_within(core, cell, within);
        }
        drop(counted_out);
        let _ = contained(|| drop(garbage));
    }
}
