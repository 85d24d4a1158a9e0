//! The work of two threads on different Workers, compared with one thread that does the same alone.

use std::{
    sync::{Arc, Barrier},
    time::Instant,
};

use worker_runtime::{Runtime, Scope, WorkerRef, queries::GetWorker};

use crate::{
    harness::{Side, compare, numbers},
    host::{Host, ask, brief, follow, say, threads, until_turn_ends},
    table::Row,
};

/// The operations of a round, so many that starting the tasks costs little in comparison.
const OPERATIONS: u64 = 20_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let [two, one] = [2, 1].map(|count| Host::on(threads(count), brief(), count));
    let row = |what: &str, [ours, other]: [f64; 2]| {
        Row::ratio(format!("{what} on two threads"), ours, "on one", other, 1.0)
    };
    vec![
        row("`get_worker`", compare([side(&two, read), side(&one, read)])),
        row("a turn", compare([side(&two, take_turns), side(&one, take_turns)])),
    ]
}

/// Creates a side whose operations are divided among the Workers, each of which has a task and a
/// thread. The time is the wall-clock time of the slower task.
fn side<'a, F>(host: &'a Host, operate: impl Fn(Runtime, WorkerRef, u64) -> F + 'a) -> Side<'a>
where
    F: Future<Output = ()> + Send + 'static,
{
    let Host { tokio, runtime, workers } = host;
    Side::timed(OPERATIONS, move |count| {
        let begin = Arc::new(Barrier::new(workers.len()));
        let start = |&worker| {
            let begin = Arc::clone(&begin);
            let work = operate(runtime.clone(), worker, count / workers.len() as u64);
            tokio.spawn(async move {
                // Each task blocks its thread at the barrier, so that no thread runs both tasks.
                begin.wait();
                let started = Instant::now();
                work.await;
                started.elapsed()
            })
        };
        let tasks: Vec<_> = workers.iter().map(start).collect();
        let times = tasks.into_iter().map(|task| tokio.block_on(task).expect("no panic"));
        times.max().unwrap_or_default()
    })
}

async fn read(runtime: Runtime, worker: WorkerRef, count: u64) {
    for _ in numbers(count) {
        ask(&runtime, GetWorker { worker }).await;
    }
}

async fn take_turns(runtime: Runtime, worker: WorkerRef, count: u64) {
    let mut stream = follow(&runtime, Scope::worker(worker)).await;
    for _ in numbers(count) {
        say(&runtime, worker, "hello").await;
        until_turn_ends(&mut stream).await;
    }
}
