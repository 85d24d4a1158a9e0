//! The acceptance of an input, up to its receipt, compared with questions to actors and channels.

use std::time::Duration;

use crate::{
    harness::{Side, compare, on_thread},
    host::Host,
    peers::{Channel, Kameo},
    table::Row,
};

const WORKERS: usize = 64;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let host = Host::new(WORKERS);
    let (kameo, channels) =
        host.tokio.block_on(async { (Kameo::start(WORKERS).await, Channel::start(WORKERS)) });
    let [ours, kameo, channel] = compare([
        Side::timed(WORKERS as u64, |count| {
            (0..count / WORKERS as u64).map(|_| inputs(&host)).sum()
        }),
        Side::each(&host.tokio, async |nth| Kameo::ask(&kameo[nth % WORKERS]).await),
        Side::each(&host.tokio, async |nth| channels[nth % WORKERS].ask().await),
    ]);
    vec![
        Row::absolute("`send_input` to the receipt", ours, "µs", 2.0),
        Row::orientation("`send_input` to the receipt", ours, "kameo, an ask", kameo),
        Row::orientation("`send_input` to the receipt", ours, "tokio channels, an ask", channel),
    ]
}

/// Sends one input to each Worker. The turns run afterwards and are not part of the time.
fn inputs(host: &Host) -> Duration {
    let took = on_thread(|| host.say_to_all());
    host.drain();
    took
}
