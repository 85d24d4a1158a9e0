//! A whole echo turn, from the input to the end that its subscriber reads, compared with a minimal
//! task.

use std::hint::black_box;

use tokio::sync::oneshot;

use crate::{
    harness::{Side, compare},
    host::{Host, follow_each, say, until_turn_ends},
    table::Row,
};

const WORKERS: usize = 64;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let Host { tokio, runtime, workers } = &Host::new(WORKERS);
    let mut streams = tokio.block_on(follow_each(runtime, workers));
    let [ours, task] = compare([
        Side::each(tokio, async |nth| {
            say(runtime, workers[nth % WORKERS], "hello").await;
            until_turn_ends(&mut streams[nth % WORKERS]).await;
        }),
        Side::each(tokio, async |_| {
            let (sender, receiver) = oneshot::channel();
            tokio::spawn(async move { sender.send(black_box(1_u64)) });
            let _ = black_box(receiver.await);
        }),
    ]);
    vec![
        Row::absolute("a whole echo turn", ours, "µs", 5.0),
        Row::orientation("a whole echo turn", ours, "tokio, spawn and oneshot", task),
    ]
}
