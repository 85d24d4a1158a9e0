//! The effects of a commit, which are run without the Worker's lock.

use std::{sync::Arc, time::Duration};

use crate::{
    log::Published,
    state::{
        core::Core,
        in_flight::Counted,
        live::{Closed, Live},
        worker_cell::{Handover, WorkerCell},
    },
    store::WorkerRecord,
    sync::{Wakers, contained},
};

/// The effects of a commit that was applied.
///
/// The work of a commit has a fixed order. Under the Worker's lock, the events are appended to the
/// logs and the figures are updated, which publishes the change. Then, with no lock held, the
/// fields of this type are handled from top to bottom: waiting tasks are woken, the task of the
/// ended turn is ended, the next turn is started, and only then is the ended turn counted out. A
/// Runtime that stops therefore cannot end its streams before the last event of a turn is in the
/// log.
#[derive(Debug, Default)]
#[must_use = "the rest of the commit is still to be done"]
pub(crate) struct Effects {
    /// The permit, which is passed on to the next task in the queue.
    pub(super) handover: Handover,
    /// Whether the Worker was deleted, so that it is removed from the catalogue.
    pub(super) removed: bool,
    pub(super) wakers: Wakers,
    /// The turn that ended, whose tasks are ended too.
    pub(super) ended: Option<Closed>,
    pub(super) start_turn: Option<Arc<Live>>,
    /// The time after which the running turn is cancelled.
    pub(super) cancel_within: Option<Duration>,
    /// The count of the turn that ended. Dropping it counts the turn out.
    pub(super) counted_out: Option<Counted>,
    pub(super) deferred_drops: DeferredDrops,
}

/// Values that are dropped with no lock held, because they may be large, or may be the last
/// reference to an object of the Backend.
#[derive(Debug, Default)]
pub(super) struct DeferredDrops {
    pub(super) record: Option<Arc<WorkerRecord>>,
    pub(super) events: Vec<Arc<Published>>,
    pub(super) commits: Vec<Arc<Published>>,
    pub(super) lives: Vec<Arc<Live>>,
    pub(super) cell: Option<Arc<WorkerCell>>,
}

impl Effects {
    /// Runs the effects. No lock may be held.
    pub(crate) fn run(self, core: &Arc<Core>, cell: &Arc<WorkerCell>) {
        let Self {
            handover,
            removed,
            wakers,
            ended,
            start_turn,
            cancel_within,
            counted_out,
            deferred_drops,
        } = self;
        handover.send();
        if removed {
            core.catalogue.remove(cell.worker_id);
            core.ended_workers.forget(cell.ordinal);
        }
        core.wake(wakers);
        ended.into_iter().for_each(Closed::leave);
        if let Some(live) = start_turn {
            core.turns.start(core, cell, live);
        }
        if let Some(within) = cancel_within {
            core.turns.cancel_within(core, cell, within);
        }
        drop(counted_out);
        let _ = contained(|| drop(deferred_drops));
    }
}
