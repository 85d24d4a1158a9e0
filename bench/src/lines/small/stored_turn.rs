//! What a turn leaves behind: two entries, five events, and what is known of the turn itself.
//!
//! Four variants tell the parts from each other: with and without the events, and with and without
//! the answer.

use std::sync::Arc;

use worker::Profile;
use worker_runtime::{Limits, Runtime, commands::CancelTurn};

use crate::{
    host::{self, Host, quiet, roomy, say},
    memory::Count,
    providers::Stalled,
};

const WORKERS: usize = 1_000;

/// Turns of each Worker at the two sizes. Buffers grow by a share of what they have: how full each is
/// at the end is little beside so many turns.
const SIZES: [usize; 2] = [20, 200];

const EVENTS: f64 = 5.0;
const INPUT_BYTES: f64 = "hello".len() as f64;
const ANSWER_BYTES: f64 = "echo: hello".len() as f64;

/// Bytes of an entry with its event, and of a whole turn, each without the texts.
pub(crate) fn turns(count: Count) -> (f64, f64) {
    let whole = grow(count, true, true);
    let without_events = grow(count, false, true);
    let without_both = grow(count, false, false);
    let event = (whole - without_events) / EVENTS;
    let entry = without_events - without_both - ANSWER_BYTES;
    (entry + event, whole - INPUT_BYTES - ANSWER_BYTES)
}

/// Bytes of a turn whose events are kept or not, with an answer or cancelled before it.
fn grow(count: Count, events: bool, answer: bool) -> f64 {
    let kept = if events { 1 << 20 } else { 1 };
    let limits = Limits { events_per_worker: kept, events_runtime: kept, ..roomy() };
    let mut builder = Runtime::builder().limits(limits);
    if !answer {
        builder = builder.profile(Profile::new("stalled", Arc::new(Stalled::default())));
    }
    let host = Host::on(host::current_thread(), builder, WORKERS);
    let [few, many] = SIZES;
    take_turns(&host, few, answer);
    let bytes = count(&mut || take_turns(&host, many - few, answer));
    bytes / ((many - few) * WORKERS) as f64
}

fn take_turns(host: &Host, turns: usize, answer: bool) {
    let Host { tokio, runtime, workers } = host;
    tokio.block_on(async {
        for _ in 0..turns {
            for &worker in workers {
                say(runtime, worker).await;
                if !answer {
                    runtime.handle(CancelTurn::running(worker)).await.expect("a cancellation");
                }
            }
            quiet(runtime).await;
            // Tasks that were aborted are gone once they have had their turn.
            for _ in 0..WORKERS {
                tokio::task::yield_now().await;
            }
        }
    });
}
