//! The effects of a commit, which are run without the Worker's lock.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    commit::erase::erase,
    domain::idempotency::KeyWindow,
    log::Published,
    state::{
        core::Core,
        live::{Closed, Live},
        sequences::Sequences,
        station::Station,
        worker_cell::{Permit, WorkerCell},
    },
    store::{EntryRun, InputKey, WorkerRecord},
    sync::{Wakers, contained},
};

/// The effects of a commit that was applied.
///
/// The work of a commit has a fixed order: append, count, release, publish, wake. Under the Worker's
/// lock and, within that, one hold of the lock of the Runtime's log, the events are appended to the
/// logs, the figures are updated, and what others wait for is given back (see `Release`). The end
/// of that hold publishes the change, so that nobody sees an event before its consequences. Then,
/// with no lock held, the fields of this type are handled from top to bottom: waiting tasks are
/// woken, the task of the ended turn is ended, and the next turn is started.
///
/// The outcome of the commit is fixed before. A step that panics is contained, and the others
/// follow, so that a committed change is always answered as committed.
#[derive(Debug, Default)]
#[must_use = "the rest of the commit is still to be done"]
pub(crate) struct Effects {
    /// The permit, which is passed on to the next job in the queue.
    pub(super) permit: Option<Permit>,
    pub(super) wakers: Vec<Wakers>,
    /// The turn that ended, whose tasks are ended too.
    pub(super) ended: Option<Closed>,
    pub(super) start_turn: Option<Arc<Live>>,
    /// The time at which the running turn is cancelled.
    pub(super) cancel_at: Option<Instant>,
    /// The place of the newest commit of a Worker that was deleted. The memory of the Worker's texts is
    /// given back.
    pub(super) erase: Option<Sequences>,
    pub(super) deferred_drops: DeferredDrops,
}

/// Values that are dropped with no lock held, because they may be large, or may be the last
/// reference to an object of the Backend.
#[derive(Debug, Default)]
pub(super) struct DeferredDrops {
    pub(super) record: Option<Arc<WorkerRecord>>,
    pub(super) keys: Option<Box<KeyWindow<InputKey>>>,
    pub(super) events: Vec<Arc<Published>>,
    pub(super) commits: Vec<Arc<Published>>,
    pub(super) live: Option<Arc<Live>>,
    pub(super) cells: Vec<Arc<WorkerCell>>,
    pub(super) entries: Vec<EntryRun>,
}

impl Effects {
    /// Runs the effects. No lock may be held.
    pub(crate) fn run(self, core: &Arc<Core>, cell: &Arc<WorkerCell>) {
        let Self { permit, wakers, ended, start_turn, cancel_at, erase: last, deferred_drops } =
            self;
        step(|| core.stations.pass(Station::Released, cell.worker_id));
        step(|| drop(permit));
        step(|| {
            if last.is_some() {
                core.catalogue.remove(cell.worker_id);
                core.ended_workers.forget(cell.ordinal);
                core.store.recent.forget(cell.worker_id);
            }
        });
        step(|| wakers.into_iter().for_each(|wakers| core.wake(wakers)));
        step(|| {
            if ended.is_some() {
                core.in_flight.ring();
            }
        });
        step(|| {
            if let Some(ended) = ended {
                ended.leave();
                core.executor.offer();
            }
        });
        step(|| {
            // The Worker may have ended, which the retention task was told under the lock.
            if core.ended_workers.is_on() {
                core.executor.offer();
            }
        });
        step(|| start_turn.into_iter().for_each(|live| core.turns.start(core, cell, live)));
        step(|| {
            if let Some(at) = cancel_at {
                core.turns.cancel_at(core, cell, at);
            }
        });
        step(|| core.stations.pass(Station::Woken, cell.worker_id));
        step(|| {
            if let Some(last) = last {
                erase(core, cell, last);
            }
        });
        step(|| drop(deferred_drops));
    }
}

/// Takes one step. If the step panics, the panic hook has told it, and the next steps are taken.
fn step(step: impl FnOnce()) {
    let _ = contained(step);
}
