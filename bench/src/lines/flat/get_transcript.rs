//! A page from the middle of a transcript: of a short transcript and of a long one.

use llm_engine::Role;
use worker_runtime::{
    commands::CreateWorker,
    model::SeedEntry,
    queries::{GetTranscript, TranscriptFrom},
};

use super::SAME;
use crate::{
    harness::{Side, compare},
    host::Host,
    table::Row,
};

const PAGE: u64 = 256;
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let host = Host::new(0);
    let [ours, other] = compare([page(&host, MANY), page(&host, FEW)]);
    let what = format!("`get_transcript`, {PAGE} entries, 1,000,000 entries");
    vec![Row::ratio(what, ours, "1,000 entries", other, SAME)]
}

/// Creates a side that reads a page of a new Worker with this many entries.
fn page(host: &Host, entries: u64) -> Side<'_> {
    let seed = |_| SeedEntry {
        role: Role::User,
        text: "some words of a conversation".into(),
        at_ms: None,
    };
    let history = Some((0..entries).map(seed).collect());
    let create = CreateWorker { history, ..CreateWorker::default() };
    let created = host.tokio.block_on(host.runtime.handle(create)).expect("a Worker");
    let from = TranscriptFrom::before(entries / 2);
    let worker = created.detail.worker;
    let query = GetTranscript { worker, from: Some(from), limit: Some(PAGE) };
    let reply = host.tokio.block_on(host.runtime.handle(query.clone())).expect("a page");
    assert_eq!(reply.entries.len() as u64, PAGE, "the page is full");
    host.asking(query)
}
