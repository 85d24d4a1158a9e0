//! The end of a Runtime: stops its Workers, waits for their turns, and releases the store.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::acts::Acts;
use crate::{
    commands::{StopWorker, StopWorkers},
    commit::change::Cause,
    log::RuntimeFact,
    model::{Labels, Meta, Severity, WorkerState},
    state::{
        about::About,
        core::Core,
        in_flight::Work,
        listing::{Bounds, ListingFilter},
        worker_cell::WorkerCell,
    },
    store::CommandMetadata,
    turn,
};

/// The options of a `stop_runtime` command that apply while the Runtime stops.
#[derive(Clone, Debug)]
pub(super) struct StopOptions {
    pub(super) workers: StopWorkers,
    pub(super) reason: Option<String>,
    pub(super) meta: Option<Meta>,
}

/// The time after its deadline at which a stop ends, whatever still hangs.
const GRACE: Duration = Duration::from_millis(500);

/// The part of the [`GRACE`] in which Workers are stopped, turns are cancelled and commits are
/// waited for. The rest is for the release of the lease.
const GRACE_OF_WORKERS: Duration = Duration::from_millis(400);

/// The time that the release of the lease is given at least.
const RELEASE: Duration = Duration::from_millis(50);

/// The longest time after which a wait checks its condition and the deadline again.
const RECHECK_PERIOD: Duration = Duration::from_millis(50);

/// The pause after a Worker could not be stopped.
const PAUSE: Duration = Duration::from_millis(100);

/// Stops every Worker unless `options` keep them, waits for the running turns, and ends the
/// Runtime.
pub(super) async fn drain(core: Arc<Core>, options: StopOptions) {
    {
        let mut parts = JoinSet::new();
        if options.workers == StopWorkers::Stop {
            core.executor.spawn_in(&mut parts, stop_all(Arc::clone(&core), options.clone()));
        }
        core.executor.spawn_in(&mut parts, end_turns(Arc::clone(&core)));
        // One hanging Worker must not keep the others from being stopped or cancelled, so all parts
        // go on at the same time, and whatever is left is given up together.
        until(&core, |core| {
            while parts.try_join_next().is_some() {}
            let is_done = parts.is_empty() && core.in_flight.is_quiet();
            is_done || core.is_closed() || is_past(core, GRACE_OF_WORKERS)
        })
        .await;
    }
    finish(core, options).await;
}

/// Stops every idle or running Worker after its running turn, those of creations in flight too.
async fn stop_all(core: Arc<Core>, options: StopOptions) {
    let stop = |cell: Arc<WorkerCell>| {
        let command = StopWorker {
            worker: core.identity.worker(cell.worker_id),
            deadline_ms: is_past(&core, Duration::ZERO).then_some(0),
            reason: options.reason.clone(),
            meta: options.meta.clone(),
        };
        let core = Arc::clone(&core);
        async move {
            let stopped = core.change(&cell, command.seal(), Cause::Runtime, move |context, it| {
                command.decide(context, it)
            });
            if stopped.await.is_err() {
                core.executor.sleep(PAUSE).await;
            }
        }
    };
    let is_over = |core: &Core| core.in_flight.count(Work::Creation) == 0;
    for_each(&core, &[WorkerState::Idle, WorkerState::Running], is_over, stop).await;
    core.in_flight.ring();
}

/// Waits until no turn runs, or cancels every turn that still runs at the deadline, which a later
/// stop may bring forward.
async fn end_turns(core: Arc<Core>) {
    // Creations are counted first, because one that was counted out may have begun a turn.
    let is_over = |core: &Core| {
        core.in_flight.count(Work::Creation) == 0 && core.in_flight.count(Work::Turn) == 0
    };
    until(&core, |core| is_over(core) || is_past(core, Duration::ZERO)).await;
    let cancel = |cell: Arc<WorkerCell>| {
        let core = Arc::clone(&core);
        async move {
            let running = cell.lock().record.running_turn().map(|turn| turn.turn_id);
            if let Some(turn_id) = running {
                turn::cancel_late(&core, &cell, turn_id).await;
            }
        }
    };
    for_each(&core, &[WorkerState::Running, WorkerState::Stopping], is_over, cancel).await;
    core.in_flight.ring();
}

/// Does something for every Worker in one of these states, side by side, until there is none and
/// `is_over`. A Worker for which it failed still is in its state, and comes again.
async fn for_each<F>(
    core: &Arc<Core>,
    states: &[WorkerState],
    is_over: impl Fn(&Core) -> bool,
    act: impl Fn(Arc<WorkerCell>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut acts = Acts::default();
    let mut next = Vec::new();
    loop {
        // Asked before the Workers are listed, so that none comes in between.
        let is_over = is_over(core);
        let now = core.executor.now();
        if next.is_empty() && acts.has_room(now) {
            next = workers_in(core, states);
            next.retain(|cell| !acts.is_under_way(cell.ordinal));
            next.reverse();
        }
        while acts.has_room(now)
            && let Some(cell) = next.pop()
        {
            acts.begin(core, cell.ordinal, act(cell));
        }
        if acts.is_empty() && is_over {
            return;
        }
        let recheck = core.executor.after(RECHECK_PERIOD);
        if acts.is_empty() {
            let _ = core.executor.within(recheck, core.in_flight.changed()).await;
        } else {
            let _ = core.executor.within(recheck, acts.ended()).await;
        }
    }
}

/// Releases the store, publishes that the Runtime has stopped, and ends the streams.
async fn finish(core: Arc<Core>, options: StopOptions) {
    if core.in_flight.count(Work::Turn) > 0 {
        let message = "the store did not take the end of every turn; those turns are lost";
        core.note(Severity::Error, message, About::Nobody, None);
    } else {
        // Changes that end no turn, such as deletions, are published too before the end is.
        core.shutdown.seal();
        until(&core, |core| {
            let is_done = core.in_flight.count(Work::Commit) == 0;
            is_done || core.is_closed() || is_past(core, GRACE_OF_WORKERS)
        })
        .await;
    }
    if !core.shutdown.close() {
        return;
    }
    let patience = gives_up_at(&core, GRACE).map_or(core.store.time_out(), |at| {
        at.saturating_duration_since(core.executor.now()).max(RELEASE)
    });
    // The lease is released before the end is published, so that whoever learns of the end can open
    // the store at once. A lease that could not be released runs out by itself. A task calls the
    // store, which may block in the call.
    let there = Arc::clone(&core);
    let released = core.executor.run(async move { there.store.release(patience).await });
    let released = core.executor.within(core.executor.after(patience), released).await;
    if let Some(Err(error)) = released.flatten() {
        core.lease_not_released(&error);
    }
    let metadata = CommandMetadata::of_command(options.meta.as_ref(), None);
    core.tell(metadata, RuntimeFact::Stopped);
    core.end();
}

/// Returns the Workers that are in one of these states, some in each hold of the log's lock.
fn workers_in(core: &Core, states: &[WorkerState]) -> Vec<Arc<WorkerCell>> {
    let wanted = ListingFilter { states: Some(states), labels: &Labels::new() };
    let (mut cells, mut next) = (Vec::new(), Some(0));
    while let Some(after) = next {
        let page = core.log.lock().whole.listing.oldest(after, &wanted, Bounds::HOLD);
        cells.extend(page.cells);
        next = page.next;
    }
    cells
}

/// Returns the time `grace` after the deadline of the stop, if it has one.
fn gives_up_at(core: &Core, grace: Duration) -> Option<Instant> {
    core.shutdown.deadline()?.checked_add(grace)
}

/// Whether the time `grace` after the deadline of the stop has come.
fn is_past(core: &Core, grace: Duration) -> bool {
    gives_up_at(core, grace).is_some_and(|at| at <= core.executor.now())
}

/// Waits until the condition holds, and checks it whenever something leaves `in_flight`.
async fn until(core: &Core, mut is_so: impl FnMut(&Core) -> bool) {
    loop {
        let changed = core.in_flight.changed();
        if is_so(core) {
            return;
        }
        // The recheck is for conditions that depend on the time.
        let recheck = core.executor.after(RECHECK_PERIOD);
        let _ = core.executor.within(recheck, changed).await;
    }
}
