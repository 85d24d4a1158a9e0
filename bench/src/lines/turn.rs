//! Line 3: a whole turn as a subscriber sees it, beside the least that a task can be.

use std::{hint::black_box, time::Duration};

use tokio::sync::oneshot;

use crate::{
    clock::{ThreadTimer, on_thread},
    harness::{Side, compare},
    host::{Host, create, follow, say, until_turn_ends},
    row::{Goal, Row},
};

/// Measures line 3.
pub fn run(rows: &mut Vec<Row>) {
    let host = Host::new(0);
    let [ours, other] = compare([
        Side::new(|n| host.tokio.block_on(turns(&host, n))),
        Side::new(|n| {
            on_thread(|| {
                host.tokio.block_on(async {
                    for _ in 0..n {
                        let (tell, told) = oneshot::channel();
                        tokio::spawn(async move { tell.send(black_box(1_u64)) });
                        let _ = black_box(told.await);
                    }
                });
            })
        }),
    ]);
    let name = "3 turn, from receipt to terminal event, ct, ns";
    rows.push(Row::new(name, ours, "spawn and oneshot", other, Goal::AtMost(6.0)));
}

/// The first turns of so many Workers, each from its receipt on.
async fn turns(host: &Host, count: u64) -> Duration {
    let mut took = Duration::ZERO;
    // Looking at the clock for each turn costs a part of what is measured.
    let mut looking = Duration::ZERO;
    for _ in 0..count {
        let worker = create(&host.runtime).await;
        let mut stream = follow(&host.runtime, worker).await;
        say(&host.runtime, worker).await;
        let receipt = ThreadTimer::start();
        until_turn_ends(&mut stream).await;
        took += receipt.elapsed();
        looking += ThreadTimer::start().elapsed();
    }
    took.saturating_sub(looking)
}
