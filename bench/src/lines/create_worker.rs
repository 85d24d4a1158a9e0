//! Line 4: a Worker comes to be, beside an actor.

use std::time::Duration;

use crate::{
    clock::ThreadTimer,
    harness::{Side, compare_units},
    host::{Host, create, current_thread},
    peers::Kameo,
    row::{Goal, Row},
};

const ROUNDS: usize = 31;

/// Workers, and actors, of a round. Neither outlives it.
const AT_ONCE: u64 = 10_000;

/// Measures line 4.
pub fn run(rows: &mut Vec<Row>) {
    let tokio = current_thread();
    let growing = Host::new(0);
    let [ours, grown, other] = compare_units(
        ROUNDS,
        [
            Side::in_units(AT_ONCE, |n| created(&Host::new(0), n)),
            Side::in_units(AT_ONCE, |n| created(&growing, n)),
            Side::in_units(AT_ONCE, |n| started(&tokio, n)),
        ],
    );
    let against = "kameo actor spawned and started";
    let name = format!("4 create_worker, {AT_ONCE} in a new Runtime, ns");
    rows.push(Row::new(name, ours, against, other, Goal::AtMost(0.5)));
    let name = "4 the same, in a Runtime that grows by as many each round, ns";
    rows.push(Row::new(name, grown, against, other, Goal::Reported));
}

fn created(host: &Host, count: u64) -> Duration {
    host.tokio.block_on(async {
        let timer = ThreadTimer::start();
        for _ in 0..count {
            create(&host.runtime).await;
        }
        timer.elapsed()
    })
}

fn started(tokio: &tokio::runtime::Runtime, count: u64) -> Duration {
    tokio.block_on(async {
        let mut actors = Vec::new();
        let timer = ThreadTimer::start();
        for _ in 0..count {
            actors.push(Kameo::start().await);
        }
        let took = timer.elapsed();
        for actor in actors {
            actor.kill();
            actor.wait_for_shutdown().await;
        }
        took
    })
}
