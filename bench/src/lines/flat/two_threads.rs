//! Line 13: two threads at work on different Workers.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use worker_runtime::{Runtime, WorkerRef, queries::GetWorker};

use crate::{
    clock::ThreadTimer,
    harness::{Side, compare_units},
    host::{
        Host, brief_builder, create, current_thread, follow, say, two_threads, until_turn_ends,
    },
    row::{Goal, Row},
};

const ROUNDS: usize = 31;
const QUERIES: u64 = 400_000;
const TURNS: u64 = 4_000;
const WORKERS: usize = 64;

/// Measures line 13.
pub fn run(rows: &mut Vec<Row>) {
    queries(rows);
    turns(rows);
}

fn queries(rows: &mut Vec<Row>) {
    let (host, apart) = (Host::new(2 * WORKERS), Host::new(WORKERS));
    let (left, right) = host.workers.split_at(WORKERS);
    let one = [(&host.runtime, left)];
    let shared = [(&host.runtime, left), (&host.runtime, right)];
    let unshared = [(&host.runtime, left), (&apart.runtime, apart.workers.as_slice())];
    let [one, shared, unshared] = compare_units(
        ROUNDS,
        [
            Side::in_units(QUERIES, |n| query(n, &one)),
            Side::in_units(QUERIES, |n| query(n, &shared)),
            Side::in_units(QUERIES, |n| query(n, &unshared)),
        ],
    );
    let name = "13 get_worker on two threads, ns";
    rows.push(Row::new(name, shared, "one thread", one, Goal::TimesAsFast(1.7)));
    let name = "13 the same in two Runtimes, ns";
    rows.push(Row::new(name, unshared, "one thread", one, Goal::Reported));
}

/// Asks so often, shared out among threads, and tells how long the slowest was at work: neighbours
/// on the machine do not count, lines of the cache that travel do.
fn query(count: u64, parts: &[(&Runtime, &[WorkerRef])]) -> Duration {
    let each = count / parts.len() as u64;
    let begin = Barrier::new(parts.len());
    let ask = |runtime: &Runtime, workers: &[WorkerRef]| {
        current_thread().block_on(async {
            begin.wait();
            let timer = ThreadTimer::start();
            for &worker in workers.iter().cycle().take(usize::try_from(each).unwrap_or_default()) {
                let _ = black_box(runtime.handle(GetWorker { worker }).await);
            }
            timer.elapsed()
        })
    };
    thread::scope(|scope| {
        let threads = parts.iter().map(|(runtime, workers)| scope.spawn(|| ask(runtime, workers)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|it| it.join().expect("no panic")).max().unwrap_or_default()
    })
}

fn turns(rows: &mut Vec<Row>) {
    let tokio = two_threads();
    let build = || tokio.block_on(brief_builder().build()).expect("a Runtime");
    let (shared, left, right) = (build(), build(), build());
    let [one, together, apart] = compare_units(
        ROUNDS,
        [
            Side::in_units(TURNS, |n| take_turns(&tokio, n, &[&shared])),
            Side::in_units(TURNS, |n| take_turns(&tokio, n, &[&shared, &shared])),
            Side::in_units(TURNS, |n| take_turns(&tokio, n, &[&left, &right])),
        ],
    );
    let name = "13 turns on two threads, one Runtime, ns";
    rows.push(Row::new(name, together, "two Runtimes", apart, Goal::TimesAsFast(0.85)));
    rows.push(Row::new(name, together, "one thread", one, Goal::Reported));
}

/// Takes so many turns of new Workers, shared out among tasks, and tells how long that took.
fn take_turns(tokio: &tokio::runtime::Runtime, count: u64, runtimes: &[&Runtime]) -> Duration {
    let each = count / runtimes.len() as u64;
    tokio.block_on(async {
        let mut prepared = Vec::new();
        for &runtime in runtimes {
            let worker = create(runtime).await;
            prepared.push((runtime.clone(), worker, follow(runtime, worker).await));
        }
        let start = Instant::now();
        let tasks = prepared.into_iter().map(|(runtime, worker, mut stream)| {
            tokio::spawn(async move {
                for _ in 0..each {
                    say(&runtime, worker).await;
                    until_turn_ends(&mut stream).await;
                }
            })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        start.elapsed()
    })
}
