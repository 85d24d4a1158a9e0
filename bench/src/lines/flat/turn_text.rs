//! The cost of a word in a turn with a long text, compared with a turn whose text is a quarter as
//! long.

use worker_runtime::{
    WorkerRef,
    commands::{DeleteWorker, StopWorker},
};

use super::SAME;
use crate::{
    harness::{Side, compare, numbers, on_thread},
    host::{Host, ask, brief, create, current_thread, quiet, roomy, say},
    table::Row,
};

const WORDS: u64 = 10_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let limits = roomy().input_bytes(1 << 20);
    let host = Host::on(current_thread(), brief().limits(limits), 0);
    // After a much longer turn, the allocator keeps the memory that the other turns need.
    let mut longest = talk(&host, 16 * WORDS);
    longest.once();
    let [ours, other] = compare([talk(&host, 4 * WORDS), talk(&host, WORDS)]);
    vec![Row::ratio("a word of a turn of 40,000 words", ours, "of 10,000 words", other, SAME)]
}

/// Creates a side of echo turns of this many words each. The Workers are deleted, so that texts do
/// not accumulate.
fn talk(host: &Host, words: u64) -> Side<'_> {
    let text = "word ".repeat(numbers(words).end);
    let Host { tokio, runtime, .. } = host;
    let turn = move |worker: WorkerRef| {
        on_thread(|| {
            tokio.block_on(async {
                say(runtime, worker, &text).await;
                quiet(runtime).await;
            });
        })
    };
    Side::timed(words, move |count| {
        let one = |_| {
            let worker = tokio.block_on(create(runtime));
            let took = turn(worker);
            tokio.block_on(async {
                ask(runtime, StopWorker::new(worker)).await;
                ask(runtime, DeleteWorker::new(worker)).await;
            });
            took
        };
        (0..count / words).map(one).sum()
    })
}
