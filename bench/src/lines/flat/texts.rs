//! The queries that return texts, with short texts and with long ones: no query copies a text.

use worker_runtime::{
    Scope, TurnId, WorkerRef,
    commands::SendInput,
    queries::{GetTranscript, GetTurn, ReadEvents},
};

use super::SAME;
use crate::{
    harness::compare,
    host::{Host, quiet},
    table::Row,
};

const TURNS: usize = 128;
const SHORT: usize = 16;
const LONG: usize = 16 << 10;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let host = Host::new(0);
    let ((long, long_turn), (short, short_turn)) = (talk(&host, LONG), talk(&host, SHORT));
    let row = |query: &str, [ours, other]: [f64; 2]| {
        Row::ratio(format!("{query}, texts of 16 KiB"), ours, "texts of 16 bytes", other, SAME)
    };
    let transcript =
        |worker| host.asking(GetTranscript { limit: Some(256), ..GetTranscript::new(worker) });
    let events = |worker| {
        host.asking(ReadEvents { limit: Some(256), ..ReadEvents::new(Scope::worker(worker)) })
    };
    let turn = |worker, turn_id| host.asking(GetTurn::new(worker, turn_id));
    vec![
        row("`get_transcript`, 256 entries", compare([transcript(long), transcript(short)])),
        row("`read_events`, 256 events", compare([events(long), events(short)])),
        row("`get_turn`", compare([turn(long, long_turn), turn(short, short_turn)])),
    ]
}

/// Creates a Worker, runs turns whose texts are this long, and returns the Worker with its last
/// turn.
fn talk(host: &Host, bytes: usize) -> (WorkerRef, TurnId) {
    let Host { tokio, runtime, .. } = host;
    tokio.block_on(async {
        let worker = crate::host::create(runtime).await;
        let mut last = None;
        for _ in 0..TURNS {
            let input = SendInput::new(worker, "x".repeat(bytes));
            last = Some(runtime.handle(input).await.expect("a receipt").receipt.turn_id);
            quiet(runtime).await;
        }
        (worker, last.expect("a turn"))
    })
}
