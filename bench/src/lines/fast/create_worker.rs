//! The creation of a Worker, compared with the start of an actor.

use std::time::Duration;

use tokio::runtime::Runtime as Tokio;

use crate::{
    harness::{Side, ThreadTimer, compare, numbers, on_thread},
    host::{Host, current_thread},
    peers::Kameo,
    table::Row,
};

/// The number of Workers, and of actors, in a round.
const AT_ONCE: u64 = 10_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let tokio = current_thread();
    let [ours, kameo] = compare([
        Side::timed(AT_ONCE, |count| {
            let mut host = Host::new(0);
            on_thread(|| host.grow(numbers(count).end))
        }),
        Side::timed(AT_ONCE, |count| start(&tokio, numbers(count).end)),
    ]);
    vec![
        Row::absolute("`create_worker`", ours, "µs", 2.0),
        Row::orientation("`create_worker`", ours, "kameo, an actor spawned and started", kameo),
    ]
}

/// Starts actors and stops them. Only the start is timed.
fn start(tokio: &Tokio, count: usize) -> Duration {
    tokio.block_on(async {
        let timer = ThreadTimer::start();
        let actors = Kameo::start(count).await;
        let took = timer.elapsed();
        for actor in actors {
            actor.kill();
            actor.wait_for_shutdown().await;
        }
        took
    })
}
