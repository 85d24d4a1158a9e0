//! How a Runtime stops: every Worker in turn, then the Runtime itself.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

use crate::{
    commands::{StopWorker, StopWorkers},
    domain::{context::DecisionContext, snapshot::Snapshot},
    error::RuntimeError,
    log::RuntimeFact,
    model::{Labels, Meta, RuntimeState, Severity, Tags, WorkerState},
    state::{core::Core, listing::Wanted, worker_cell::Cell},
    sync::Backoff,
    turn,
};

/// What the Workers are told.
#[derive(Clone, Debug)]
pub(crate) struct Farewell {
    pub(crate) workers: StopWorkers,
    pub(crate) reason: Option<String>,
    pub(crate) meta: Option<Meta>,
}

/// How long a Runtime waits for the store after it has cancelled what ran.
const PATIENCE: Duration = Duration::from_secs(5);

/// Workers that are stopped side by side, so that one for which the store hangs delays few others.
const AT_ONCE: usize = 64;

/// Stops every Worker, waits for what runs, and ends the Runtime.
pub(crate) async fn drain(core: Arc<Core>, farewell: Farewell) {
    // Creations that were admitted before the Runtime began to stop come to their end first.
    let created = |core: &Core| core.creations.load(Ordering::Acquire) == 0;
    wait_until(&core, None, |core| created(core) || is_late(core)).await;
    if farewell.workers == StopWorkers::Stop {
        stop_all(&core, &farewell).await;
    }
    wait_for_turns(&core).await;
    if core.turns_in_flight.load(Ordering::Acquire) > 0 {
        cancel_all(&core).await;
        let given_up = Instant::now() + PATIENCE;
        wait_until(&core, Some(given_up), is_quiet).await;
    }
    finish(&core, farewell).await;
}

/// Has every Worker that is alive stop after its turn, as often as the store needs and the deadline
/// allows.
async fn stop_all(core: &Arc<Core>, farewell: &Farewell) {
    let mut left = workers_in(core, &[WorkerState::Idle, WorkerState::Running]);
    let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
    loop {
        let mut again = Vec::new();
        for some in left.chunks(AT_ONCE) {
            again.extend(stop_some(core, some, farewell).await);
            if is_late(core) || core.is_closed() {
                return;
            }
        }
        if again.is_empty() {
            return;
        }
        left = again;
        backoff.pause().await;
    }
}

/// Stops some Workers, side by side; gives those that the store did not let stop.
async fn stop_some(core: &Arc<Core>, cells: &[Arc<Cell>], farewell: &Farewell) -> Vec<Arc<Cell>> {
    let mut stops = JoinSet::new();
    for cell in cells {
        let late = core.drain.lock().deadline.is_some_and(|it| it <= Instant::now());
        let stop = StopWorker {
            worker: core.owner.worker(cell.worker_id),
            deadline_ms: late.then_some(0),
            reason: farewell.reason.clone(),
            meta: farewell.meta.clone(),
        };
        let (core_there, cell) = (Arc::clone(core), Arc::clone(cell));
        let stop = async move {
            let decide =
                |context: &DecisionContext<'_>, worker: &Snapshot<'_>| stop.decide(context, worker);
            let stopped = core_there.change(&cell, stop.seal(), true, decide).await;
            matches!(stopped, Err(RuntimeError::StoreFailed { .. })).then_some(cell)
        };
        stops.spawn_on(stop, &core.handle);
    }
    let mut again = Vec::new();
    while let Some(stopped) = stops.join_next().await {
        again.extend(stopped.ok().flatten());
    }
    again
}

/// Whether the deadline of the stop is long past, and nobody waits for the store any more.
fn is_late(core: &Core) -> bool {
    core.drain.lock().deadline.is_some_and(|it| it + PATIENCE < Instant::now())
}

/// Waits until nothing runs, or the Runtime was dropped, or the deadline, which a later stop may bring
/// forward.
async fn wait_for_turns(core: &Arc<Core>) {
    loop {
        let deadline = core.drain.lock().deadline;
        let is_over = is_quiet(core) || core.is_closed();
        if is_over || deadline.is_some_and(|it| it <= Instant::now()) {
            return;
        }
        wait_once(core, deadline).await;
    }
}

/// Cancels every turn that still runs.
async fn cancel_all(core: &Arc<Core>) {
    let mut cancels = Vec::new();
    for cell in workers_in(core, &[WorkerState::Running, WorkerState::Stopping]) {
        let running = cell.lock().record.running_turn().map(|turn| turn.turn_id);
        if let Some(turn_id) = running {
            let core_there = Arc::clone(core);
            let cancel = async move { turn::cancel_late(&core_there, &cell, turn_id).await };
            cancels.push(core.handle.spawn(cancel));
        }
    }
    let all = async {
        for cancel in &mut cancels {
            // A cancel that panicked leaves its turn to the next owner of the store.
            let _ = cancel.await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, all).await;
    if in_time.is_err() {
        cancels.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Says that the Runtime has ended, gives the store back and ends the streams.
async fn finish(core: &Arc<Core>, farewell: Farewell) {
    if core.turns_in_flight.load(Ordering::Acquire) > 0 {
        let message = "the store did not take the end of every turn; those turns are lost";
        core.note(Severity::Error, message, None, None);
    }
    if core.is_closed() {
        return;
    }
    let tags = Tags::new(farewell.meta.as_ref(), None);
    // First, so that whoever learns of the end can build on the store.
    core.release_lease().await;
    core.tell(tags, RuntimeFact::Stopped, |state| state.runtime = RuntimeState::Stopped);
    core.abandon();
}

/// The Workers that are in one of these states now.
fn workers_in(core: &Core, states: &[WorkerState]) -> Vec<Arc<Cell>> {
    let wanted = Wanted { states: Some(states), labels: &Labels::new() };
    core.log.lock().listing.oldest(0, &wanted, usize::MAX).cells
}

fn is_quiet(core: &Core) -> bool {
    core.turns_in_flight.load(Ordering::Acquire) == 0 && core.unsettled.load(Ordering::Acquire) == 0
}

async fn wait_until(core: &Arc<Core>, deadline: Option<Instant>, done: impl Fn(&Core) -> bool) {
    while !done(core) && !core.is_closed() && deadline.is_none_or(|it| Instant::now() < it) {
        wait_once(core, deadline).await;
    }
}

/// Waits until something has ended, or the deadline, or a while, in case it was missed.
async fn wait_once(core: &Arc<Core>, deadline: Option<Instant>) {
    const WHILE: Duration = Duration::from_millis(50);
    let until = deadline.unwrap_or_else(|| Instant::now() + WHILE).min(Instant::now() + WHILE);
    let ended = core.something_ended.notified();
    let _ = tokio::time::timeout_at(until, ended).await;
}
