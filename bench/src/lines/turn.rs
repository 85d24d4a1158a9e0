//! Line 3: a whole turn as a subscriber sees it, beside the least that a task can be.

use std::{hint::black_box, time::Duration};

use tokio::sync::oneshot;

use crate::{
    clock::{ThreadTimer, on_thread},
    harness::{Side, compare},
    host::{Host, create, follow, say, until_turn_ends},
    row::{Goal, Row},
};

/// Turns that are begun before the first is waited for.
const AT_ONCE: u64 = 64;

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

/// The first turns of so many Workers, from their receipts on. Receipts come many at a time, because
/// reading the clock for every turn would cost a part of what is measured, and chill the rest.
async fn turns(host: &Host, count: u64) -> Duration {
    let mut took = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let mut streams = Vec::new();
        for _ in 0..left.min(AT_ONCE) {
            let worker = create(&host.runtime).await;
            streams.push(follow(&host.runtime, worker).await);
            say(&host.runtime, worker).await;
        }
        left -= streams.len() as u64;
        let receipts = ThreadTimer::start();
        for stream in &mut streams {
            until_turn_ends(stream).await;
        }
        took += receipts.elapsed();
    }
    took
}
