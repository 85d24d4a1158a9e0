//! The memory of a completed turn, without its two texts: two entries, their events, and the record
//! of the turn itself.
//!
//! The texts are so long that a second copy of one text would exceed the goal.

use crate::{
    host::{Host, brief, current_thread, quiet, roomy, say},
    lines::count::Count,
    table::Row,
};

const WORKERS: usize = 100;

/// The turns of each Worker at the two sizes. Buffers grow by a share of their content. Their spare
/// room at the end is small compared with that many turns.
const FEW: usize = 20;
const MANY: usize = 200;

const TEXT_BYTES: usize = 2048;

/// Counts the line.
pub fn count(count: Count) -> Row {
    let kept = 1 << 20;
    let limits = roomy().events_per_worker(kept).events_runtime(kept);
    let host = Host::on(current_thread(), brief().limits(limits), WORKERS);
    let text = "x".repeat(TEXT_BYTES);
    take_turns(&host, FEW, &text);
    let bytes = count(&mut || take_turns(&host, MANY - FEW, &text));
    let texts = text.len() + "echo: ".len() + text.len();
    let each = bytes / ((MANY - FEW) * WORKERS) as f64 - texts as f64;
    Row::absolute("a stored turn, beside its texts", each, "bytes", 1024.0)
}

fn take_turns(host: &Host, turns: usize, text: &str) {
    host.tokio.block_on(async {
        for _ in 0..turns {
            for &worker in &host.workers {
                say(&host.runtime, worker, text).await;
            }
            quiet(&host.runtime).await;
        }
    });
}
