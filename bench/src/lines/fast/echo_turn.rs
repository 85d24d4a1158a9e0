//! Line 3: a whole turn as a subscriber sees it, beside the least that a task can be.

use std::{hint::black_box, time::Duration};

use tokio::sync::oneshot;
use worker_runtime::Subscription;

use crate::{
    clock::{ThreadTimer, on_thread},
    harness::{Side, compare},
    host::{Host, brief, create, follow, say, until_turn_ends},
    row::{Goal, Row},
};

/// Turns that are begun before the first is waited for.
const AT_ONCE: usize = 64;

/// Measures line 3.
pub fn run(rows: &mut Vec<Row>) {
    let host = brief(AT_ONCE);
    let follow_all = async {
        let mut streams = Vec::new();
        for &worker in &host.workers {
            streams.push(follow(&host.runtime, worker).await);
        }
        streams
    };
    let mut streams = host.tokio.block_on(follow_all);
    let fresh = Host::new(0);
    let [ours, first, other] = compare([
        Side::in_units(AT_ONCE as u64, |n| host.tokio.block_on(turns(&host, &mut streams, n))),
        Side::in_units(AT_ONCE as u64, |n| fresh.tokio.block_on(first_turns(&fresh, n))),
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
    let name = "3 the first turn of a Worker and of its subscriber, ct, ns";
    rows.push(Row::new(name, first, "spawn and oneshot", other, Goal::Reported));
}

/// Turns of Workers that are followed all the time, from their receipts on. Receipts come many at a
/// time, because reading the clock for every turn would cost a part of what is measured, and chill
/// the rest.
async fn turns(host: &Host, streams: &mut [Subscription], count: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..count / AT_ONCE as u64 {
        for &worker in &host.workers {
            say(&host.runtime, worker).await;
        }
        took += until_turns_end(streams).await;
    }
    took
}

/// The first turns of so many Workers, each with a new subscriber.
async fn first_turns(host: &Host, count: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..count / AT_ONCE as u64 {
        let mut streams = Vec::new();
        for _ in 0..AT_ONCE {
            let worker = create(&host.runtime).await;
            streams.push(follow(&host.runtime, worker).await);
            say(&host.runtime, worker).await;
        }
        took += until_turns_end(&mut streams).await;
    }
    took
}

async fn until_turns_end(streams: &mut [Subscription]) -> Duration {
    let receipts = ThreadTimer::start();
    for stream in streams {
        until_turn_ends(stream).await;
    }
    receipts.elapsed()
}
