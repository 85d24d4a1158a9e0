//! The memory of a turn with a running answer, as a multiple of the size of its text.

use std::sync::Arc;

use tokio::task::yield_now;
use worker::Profile;
use worker_runtime::Runtime;

use crate::{
    host::{Host, current_thread, say},
    lines::count::Count,
    providers::Dictated,
    table::Row,
};

/// Both numbers are powers of two, like the capacity of a text that grows word by word.
const WORDS: usize = 1024;
const WORD_BYTES: usize = 1024;

/// Counts the line.
pub fn count(count: Count) -> Row {
    let (sender, provider) = Dictated::new();
    let builder = Runtime::builder().profile(Profile::new("dictated", Arc::new(provider)));
    let Host { tokio, runtime, workers } = &Host::on(current_thread(), builder, 1);
    let bytes = count(&mut || {
        tokio.block_on(async {
            say(runtime, workers[0], "talk").await;
            for _ in 0..WORDS {
                sender.send("x".repeat(WORD_BYTES)).expect("the turn runs");
                // The yields let the turn's task take the text.
                for _ in 0..4 {
                    yield_now().await;
                }
            }
        });
    });
    let times = bytes / (WORDS * WORD_BYTES) as f64;
    assert!(times >= 1.0, "the whole answer is there");
    Row::absolute("a running answer of 1 MiB, in memory", times, "times", 1.1)
}
