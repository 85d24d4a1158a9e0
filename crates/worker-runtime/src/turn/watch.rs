//! Ends turns whose engine does not keep its deadlines, because it blocks its thread.
//!
//! An engine keeps its own deadlines as long as its thread is free. The watch is a task on the
//! Runtime's own handle that exists only while turns run. It acts a little later than an engine
//! would, because it measures a turn from its first look at the turn.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::{Labels, WorkerState},
    state::{
        core::Core,
        in_flight::Work,
        listing::{Bounds, ListingFilter},
        live::{Live, Seen},
        worker_cell::WorkerCell,
    },
    sync::Executor,
    turn::ending::time_out,
};

/// Starts the watch, unless `watching` shows that it runs already.
pub(super) fn ensure(core: &Arc<Core>, watching: &Arc<AtomicBool>) {
    // This and the watch's own swap are one after the other for both threads: either the watch sees
    // the turn that the caller has counted in, or the caller sees that the watch has ended.
    if watching.swap(true, Ordering::SeqCst) {
        return;
    }
    let (executor, watching) = (core.executor.clone(), Arc::clone(watching));
    core.executor.spawn(watch(Arc::downgrade(core), executor, watching, period(core)));
}

/// Returns the period of the watch: an eighth of the shortest time limit of a turn, so that
/// lateness stays in proportion, but at least 10 milliseconds and at most a second.
fn period(core: &Core) -> Duration {
    let limits = &core.limits;
    let shortest = limits.turn_ms.min(limits.turn_idle_ms).min(limits.turn_first_event_ms);
    Duration::from_millis((shortest / 8).clamp(10, 1000))
}

async fn watch(core: Weak<Core>, executor: Executor, watching: Arc<AtomicBool>, period: Duration) {
    loop {
        executor.sleep(period).await;
        let Some(core) = core.upgrade() else { return };
        if core.in_flight.count(Work::Turn) == 0 {
            watching.swap(false, Ordering::SeqCst);
            // A turn may have begun before the flag was cleared, and so not have started the watch.
            let idle = core.in_flight.count(Work::Turn) == 0;
            if idle || watching.swap(true, Ordering::SeqCst) {
                return;
            }
        }
        sweep(&core, period);
    }
}

fn sweep(core: &Arc<Core>, grace: Duration) {
    let wanted = ListingFilter {
        states: Some(&[WorkerState::Running, WorkerState::Stopping]),
        labels: &Labels::new(),
    };
    let mut after = 0;
    loop {
        let found = core.log.lock().whole.listing.oldest(after, &wanted, Bounds::HOLD);
        for cell in &found.cells {
            if let Some((live, which)) = overdue(core, cell, grace)
                && live.give_up()
            {
                // Each end is committed in its own task, because a store that hangs for one Worker
                // must not hold up the others.
                let (core_there, cell) = (Arc::clone(core), Arc::clone(cell));
                core.executor.spawn(async move {
                    time_out(&core_there, &cell, &live, which).await;
                });
            }
        }
        match found.next {
            Some(next) => after = next,
            None => return,
        }
    }
}

/// Returns the turn of a Worker and the name of the deadline that has passed, if one has.
fn overdue(
    core: &Core,
    cell: &Arc<WorkerCell>,
    grace: Duration,
) -> Option<(Arc<Live>, &'static str)> {
    let live = {
        let state = cell.lock();
        // A turn is not overdue while a change of its Worker, which may end the turn, is being
        // committed or is unsettled.
        if state.is_changing() {
            return None;
        }
        state.live.clone()?
    };
    let deadlines = live.profile.policy.deadlines;
    let now = core.executor.now();
    let passed =
        |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit + grace;
    let Seen { began, silent_since, after_output } = live.seen(now);
    let which = if passed(began, deadlines.turn) {
        "the deadline of the turn"
    } else if after_output && passed(silent_since, deadlines.idle) {
        "the deadline between two outputs"
    } else if !after_output && passed(silent_since, deadlines.first_event) {
        "the deadline of the first output"
    } else {
        return None;
    };
    Some((live, which))
}
