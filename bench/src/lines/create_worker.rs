//! Line 4: a new Worker, beside a new actor.

use crate::{
    clock::ThreadTimer,
    harness::{Side, compare},
    host::{Host, create},
    peers::Kameo,
    row::{Goal, Row},
};

/// Measures line 4.
pub fn run(rows: &mut Vec<Row>) {
    let host = Host::new(0);
    let [ours, other] = compare([
        Side::new(|n| {
            host.tokio.block_on(async {
                let timer = ThreadTimer::start();
                for _ in 0..n {
                    create(&host.runtime).await;
                }
                timer.elapsed()
            })
        }),
        Side::new(|n| {
            host.tokio.block_on(async {
                let mut actors = Vec::new();
                let timer = ThreadTimer::start();
                for _ in 0..n {
                    actors.push(Kameo::start().await);
                }
                let took = timer.elapsed();
                for actor in actors {
                    actor.kill();
                    actor.wait_for_shutdown().await;
                }
                took
            })
        }),
    ]);
    let name = "4 create_worker, ns";
    rows.push(Row::new(name, ours, "kameo actor spawned and started", other, Goal::AtMost(0.5)));
}
