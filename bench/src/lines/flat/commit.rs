//! The cost of a commit: with few and many Workers in the Runtime, and with few and many turns of
//! the Worker.

use worker_runtime::{WorkerRef, commands::UpdateWorker};

use super::SAME;
use crate::{
    harness::{Side, compare},
    host::{Host, ask, quiet, say},
    table::Row,
};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// The turns that a Worker had before: they make 1,000 and 1,000,000 entries, and more events.
const FEW_TURNS: usize = 500;
const MANY_TURNS: usize = 500_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    vec![among_workers(), after_turns()]
}

/// Measures updates of Workers. Both sides update the same number of Workers, scattered among all,
/// and that number fits into the caches of the processor.
fn among_workers() -> Row {
    let (many, few) = (Host::new(MANY), Host::new(FEW));
    let [ours, other] = compare([updates(&many), updates(&few)]);
    Row::ratio("`update_worker`, 1,000,000 Workers", ours, "1,000 Workers", other, SAME)
}

fn updates(host: &Host) -> Side<'_> {
    const UPDATED: usize = 64;
    let stride = host.workers.len() / UPDATED;
    let mut done = 0;
    Side::each(&host.tokio, async move |_| {
        let worker = host.workers[done % UPDATED * stride];
        rename(host, worker, done / UPDATED).await;
        done += 1;
    })
}

/// Gives a Worker another name than the call with the previous number gave it.
pub(super) async fn rename(host: &Host, worker: WorkerRef, nth: usize) {
    let name = Some(if nth.is_multiple_of(2) { "even" } else { "odd" }.to_owned());
    ask(&host.runtime, UpdateWorker { display_name: name, ..UpdateWorker::new(worker) }).await;
}

/// Measures a turn, which has two commits, on Workers with many and with few earlier turns.
fn after_turns() -> Row {
    let (long, short) = (Host::new(1), Host::new(64));
    long.tokio.block_on(async {
        for _ in 0..MANY_TURNS {
            turn(&long, 0).await;
        }
    });
    short.tokio.block_on(async {
        for nth in 0..FEW_TURNS * short.workers.len() {
            turn(&short, nth).await;
        }
    });
    let [ours, other] = compare([
        Side::each(&long.tokio, async |nth| turn(&long, nth).await),
        Side::each(&short.tokio, async |nth| turn(&short, nth).await),
    ]);
    Row::ratio("a turn after 500,000 turns of its Worker", ours, "after 500", other, SAME)
}

async fn turn(host: &Host, nth: usize) {
    say(&host.runtime, host.workers[nth % host.workers.len()], "hello").await;
    quiet(&host.runtime).await;
}
