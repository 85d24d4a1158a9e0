//! The cancellation of one of 100,000 turns that wait for a silent model, compared with the abort
//! of a task.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::{runtime::Runtime as Tokio, task::yield_now};
use worker_runtime::commands::CancelTurn;

use crate::{
    harness::{Side, ThreadTimer, compare},
    host::{ask, current_thread},
    lines::small::silent_turn::SilentHost,
    table::Row,
};

const TURNS: usize = 100_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let tokio = current_thread();
    let [ours, abort] = compare([
        Side::timed(TURNS as u64, |_| cancel_turns(&SilentHost::new(TURNS))),
        Side::timed(TURNS as u64, |_| abort_tasks(&tokio)),
    ]);
    vec![
        Row::absolute("cancelling one of 100,000 turns", ours, "µs", 5.0),
        Row::orientation("cancelling one of 100,000 turns", ours, "tokio, an abort", abort),
    ]
}

/// Cancels all turns, one after the other, and waits until their calls to the model are dropped.
fn cancel_turns(silent: &SilentHost) -> Duration {
    silent.begin_turns(TURNS);
    silent.host.tokio.block_on(async {
        let timer = ThreadTimer::start();
        for &worker in &silent.host.workers {
            ask(&silent.host.runtime, CancelTurn::new(worker)).await;
        }
        while silent.provider.waiting() > 0 {
            yield_now().await;
        }
        timer.elapsed()
    })
}

fn abort_tasks(tokio: &Tokio) -> Duration {
    tokio.block_on(async {
        let reference = Arc::new(());
        let start = |_| {
            let held = Arc::clone(&reference);
            tokio::spawn(async move {
                pending::<()>().await;
                drop(held);
            })
        };
        let tasks: Vec<_> = (0..TURNS).map(start).collect();
        // Each task runs until it waits.
        for _ in 0..TURNS {
            yield_now().await;
        }
        let timer = ThreadTimer::start();
        for task in tasks {
            task.abort();
        }
        while Arc::strong_count(&reference) > 1 {
            yield_now().await;
        }
        timer.elapsed()
    })
}
