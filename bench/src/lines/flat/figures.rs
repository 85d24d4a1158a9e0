//! Line 7: figures of the whole Runtime, small and large.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use worker_runtime::{
    Scope, WorkerRef,
    commands::UpdateWorker,
    queries::{GetOverview, GetRuntime, GetUsage},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::{Host, current_thread},
    row::{Goal, Row},
};

const FEW: usize = 100;
const MANY: usize = 1_000_000;

/// Between two overviews, so many Workers do something.
const MOVING: usize = 100;

macro_rules! side {
    ($host:expr, $query:expr) => {
        Side::new(|n| {
            on_thread(|| {
                $host.tokio.block_on(async {
                    for _ in 0..n {
                        black_box($host.runtime.handle($query).await.expect("figures"));
                    }
                });
            })
        })
    };
}

/// Measures line 7.
pub fn run(rows: &mut Vec<Row>) {
    let few = Host::new(FEW);
    let many = Host::new(MANY);
    let mut row = |name: &str, [ours, other]: [f64; 2], goal| {
        let name = format!("7 {name}, {MANY} Workers, ns");
        rows.push(Row::new(name, ours, format!("{FEW} Workers"), other, goal));
    };
    let same = Goal::AtMost(1.2);
    let overview = GetOverview::default();
    row("get_overview", compare([side!(many, overview), side!(few, overview)]), same);
    row("get_runtime", compare([side!(many, GetRuntime {}), side!(few, GetRuntime {})]), same);
    let usage = GetUsage { scope: Scope::runtime() };
    row("get_usage", compare([side!(many, usage), side!(few, usage)]), same);
    let moved = format!("get_overview after {MOVING} of them moved");
    row(&moved, compare([after_moves(&many), after_moves(&few)]), Goal::Reported);
    first_overview(rows);
}

/// An overview after others did something than the last time, which is not measured.
fn after_moves(host: &Host) -> Side<'_> {
    let Host { tokio, runtime, workers } = host;
    let far_apart = (0..workers.len()).map(|nth| workers[nth * 7919 % workers.len()]);
    let mut moving = far_apart.collect::<Vec<_>>().into_iter().cycle();
    let mut even = false;
    Side::new(move |n| {
        let overview = |_| {
            even = !even;
            tokio.block_on(async {
                for worker in moving.by_ref().take(MOVING) {
                    rename(host, worker, even).await;
                }
            });
            on_thread(|| {
                let overview = tokio.block_on(runtime.handle(GetOverview::default()));
                black_box(overview.expect("figures"));
            })
        };
        (0..n).map(overview).sum()
    })
}

async fn rename(host: &Host, worker: WorkerRef, even: bool) {
    let name = Some(if even { "even" } else { "odd" }.to_owned());
    let update = UpdateWorker { display_name: name, ..UpdateWorker::of(worker) };
    host.runtime.handle(update).await.expect("an update");
}

/// How long the first overview takes, which sorts all Workers, and the longest that a command of
/// another thread waits meanwhile.
fn first_overview(rows: &mut Vec<Row>) {
    let host = Host::new(MANY);
    let (took, longest) = thread::scope(|scope| {
        let overview = scope.spawn(|| {
            let began = Instant::now();
            let overview = current_thread().block_on(host.runtime.handle(GetOverview::default()));
            black_box(overview.expect("figures"));
            began.elapsed()
        });
        let mut longest = Duration::ZERO;
        while !overview.is_finished() {
            let began = Instant::now();
            host.tokio.block_on(rename(&host, host.workers[0], longest.is_zero()));
            longest = longest.max(began.elapsed());
        }
        (overview.join().expect("no panic"), longest)
    });
    let millis = |it: Duration| it.as_secs_f64() * 1e3;
    let name = format!("7 the longest that a command waits for that, {MANY} Workers, ms");
    let against = "the first get_overview, which sorts them";
    rows.push(Row::new(name, millis(longest), against, millis(took), Goal::Reported));
}
