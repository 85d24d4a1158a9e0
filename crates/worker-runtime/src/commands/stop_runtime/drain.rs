//! The end of a Runtime: stops its Workers, waits for their turns, and releases the store.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use crate::{
    commands::{StopWorker, StopWorkers},
    commit::change::Cause,
    error::RuntimeError,
    log::RuntimeFact,
    model::{Labels, Meta, RuntimeState, Severity, WorkerState},
    state::{
        board::Figures,
        core::Core,
        in_flight::Work,
        listing::{Bounds, ListingFilter},
        worker_cell::WorkerCell,
    },
    store::CommandMetadata,
    sync::Backoff,
    turn,
};

/// The options of a `stop_runtime` command that apply while the Runtime stops.
#[derive(Clone, Debug)]
pub(super) struct StopOptions {
    pub(super) workers: StopWorkers,
    pub(super) reason: Option<String>,
    pub(super) meta: Option<Meta>,
}

/// The time that a stop past its deadline waits for a store that does not answer. The time begins
/// anew with each step of the stop (creations, stops, cancellations, ends of turns, the lease), and
/// within the stops and the cancellations with each one that is answered.
const GRACE: Duration = Duration::from_millis(500);

/// The longest time after which a wait checks its condition and the deadline again.
const RECHECK_PERIOD: Duration = Duration::from_millis(50);

/// The number of Workers that are stopped concurrently, so that a Worker for which the store hangs
/// delays few others.
const AT_ONCE: usize = 64;

/// Stops every Worker unless `options` keep them, waits for the running turns, and ends the
/// Runtime.
pub(super) async fn drain(core: Arc<Core>, options: StopOptions) {
    // Creations that were admitted before the Runtime began to stop are completed first.
    in_time(&core, until(&core, |core| core.in_flight.count(Work::Creation) == 0)).await;
    if options.workers == StopWorkers::Stop {
        stop_all(&core, &options).await;
    }
    wait_for_turns(&core).await;
    if core.in_flight.count(Work::Turn) > 0 {
        cancel_all(&core).await;
        in_time(&core, until(&core, |core| core.in_flight.is_quiet())).await;
    }
    finish(core, options).await;
}

/// Stops every idle or running Worker after its running turn. Stops for which the store failed are
/// retried with a backoff until the [`GRACE`] after the deadline.
async fn stop_all(core: &Arc<Core>, options: &StopOptions) {
    let mut left = workers_in(core, &[WorkerState::Idle, WorkerState::Running]);
    let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
    loop {
        let mut again = Vec::new();
        for cells in left.chunks(AT_ONCE) {
            let Some(failed) = stop_some(core, cells, options).await else { return };
            again.extend(failed);
        }
        if again.is_empty() || gives_up_at(core, None).is_some_and(|at| at <= core.executor.now()) {
            return;
        }
        left = again;
        core.executor.pause(&mut backoff).await;
    }
}

/// Stops some Workers concurrently, and returns those for which the store failed. Returns `None` if
/// the wait for the store was given up.
async fn stop_some(
    core: &Arc<Core>,
    cells: &[Arc<WorkerCell>],
    options: &StopOptions,
) -> Option<Vec<Arc<WorkerCell>>> {
    let mut stops = JoinSet::new();
    for cell in cells {
        let is_late = core.shutdown.deadline().is_some_and(|at| at <= core.executor.now());
        let stop = StopWorker {
            worker: core.identity.worker(cell.worker_id),
            deadline_ms: is_late.then_some(0),
            reason: options.reason.clone(),
            meta: options.meta.clone(),
        };
        let (core_there, cell) = (Arc::clone(core), Arc::clone(cell));
        let stop = async move {
            let stopped =
                core_there.change(&cell, stop.seal(), Cause::Runtime, move |context, worker| {
                    stop.decide(context, worker)
                });
            matches!(stopped.await, Err(RuntimeError::StoreFailed { .. })).then_some(cell)
        };
        core.executor.spawn_in(&mut stops, stop);
    }
    let mut again = Vec::new();
    while let Some(stopped) = in_time(core, stops.join_next()).await? {
        again.extend(stopped.ok().flatten());
    }
    Some(again)
}

/// Waits until no turn runs and no commit is unsettled, or the Runtime has ended, or the deadline
/// has passed, which a later stop may bring forward.
async fn wait_for_turns(core: &Arc<Core>) {
    let is_late =
        |core: &Core| core.shutdown.deadline().is_some_and(|at| at <= core.executor.now());
    until(core, |core| core.in_flight.is_quiet() || core.is_closed() || is_late(core)).await;
}

/// Cancels every turn that still runs.
async fn cancel_all(core: &Arc<Core>) {
    let mut cancels = JoinSet::new();
    for cell in workers_in(core, &[WorkerState::Running, WorkerState::Stopping]) {
        let running = cell.lock().record.running_turn().map(|turn| turn.turn_id);
        if let Some(turn_id) = running {
            let core_there = Arc::clone(core);
            let cancel = async move { turn::cancel_late(&core_there, &cell, turn_id).await };
            core.executor.spawn_in(&mut cancels, cancel);
        }
    }
    // A turn whose cancellation panics, or is not answered by the store in time, is left to the
    // next owner of the store.
    while let Some(Some(_)) = in_time(core, cancels.join_next()).await {}
}

/// Releases the store, publishes that the Runtime has stopped, and ends the streams.
async fn finish(core: Arc<Core>, options: StopOptions) {
    if core.in_flight.count(Work::Turn) > 0 {
        let message = "the store did not take the end of every turn; those turns are lost";
        core.note(Severity::Error, message, None, None);
    } else {
        // Changes that end no turn, such as deletions, are published too before the end is.
        core.shutdown.seal();
        in_time(&core, until(&core, |core| core.in_flight.count(Work::Commit) == 0)).await;
    }
    if !core.shutdown.close() {
        return;
    }
    let patience = if core.shutdown.deadline().is_some() { GRACE } else { core.store.time_out() };
    // The lease is released before the end is published, so that whoever learns of the end can open
    // the store at once. A lease that could not be released runs out by itself.
    let _ = core.store.release(patience).await;
    let metadata = CommandMetadata::of_command(options.meta.as_ref(), None);
    let stopped = |figures: &mut Figures| figures.runtime = RuntimeState::Stopped;
    core.tell(metadata, RuntimeFact::Stopped, stopped);
    core.abandon();
}

/// Returns the Workers that are in one of these states, some in each hold of the log's lock.
fn workers_in(core: &Core, states: &[WorkerState]) -> Vec<Arc<WorkerCell>> {
    let wanted = ListingFilter { states: Some(states), labels: &Labels::new() };
    let (mut cells, mut next) = (Vec::new(), Some(0));
    while let Some(after) = next {
        let page = core.log.lock().listing.oldest(after, &wanted, Bounds::HOLD);
        cells.extend(page.cells);
        next = page.next;
    }
    cells
}

/// Returns the time at which the stop gives up waiting for the store: the [`GRACE`] after the
/// deadline, or after `since`, at which the wait began, if that is later. Returns `None` without a
/// deadline.
fn gives_up_at(core: &Core, since: Option<Instant>) -> Option<Instant> {
    let deadline = core.shutdown.deadline()?;
    since.map_or(deadline, |since| deadline.max(since)).checked_add(GRACE)
}

/// Waits for an answer that depends on the store. Returns `None` if the Runtime has ended, or if
/// the deadline of the stop has passed and the answer has not come within the [`GRACE`].
async fn in_time<T>(core: &Core, answer: impl Future<Output = T>) -> Option<T> {
    let since = Some(core.executor.now());
    let mut answer = pin!(answer);
    loop {
        let recheck = core.executor.now() + RECHECK_PERIOD;
        let until = gives_up_at(core, since).map_or(recheck, |at| at.min(recheck));
        if let Some(answer) = core.executor.within(Some(until), &mut answer).await {
            return Some(answer);
        }
        if core.is_closed() || gives_up_at(core, since).is_some_and(|at| at <= core.executor.now())
        {
            return None;
        }
    }
}

/// Waits until the condition holds, and checks it whenever something leaves `in_flight`.
async fn until(core: &Core, is_so: impl Fn(&Core) -> bool) {
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
