//! Line 6: a page of a transcript, in a short one and in a long one.

use std::{hint::black_box, sync::Arc};

use llm_engine::Role;
use worker_runtime::{
    Limits, Runtime, WorkerRef,
    commands::CreateWorker,
    model::SeedEntry,
    queries::{GetTranscript, TranscriptBefore, TranscriptFrom},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::{self, Host, roomy},
    row::{Goal, Row},
};

const PAGE: u64 = 256;
const FEW: u64 = 1_000;
const MANY: u64 = 100_000;

/// Measures line 6.
pub fn run(rows: &mut Vec<Row>) {
    let limits = Limits { transcript_entries: MANY, history_entries: MANY, ..roomy() };
    let host = Host::on(host::current_thread(), Runtime::builder().limits(limits), 0);
    let few = create(&host, FEW);
    let many = create(&host, MANY);
    for (place, share) in [("start", 0.0), ("middle", 0.5), ("end", 1.0)] {
        let [ours, other] =
            compare([side(&host, many, before(MANY, share)), side(&host, few, before(FEW, share))]);
        let name = format!("6 get_transcript({PAGE}), {place} of {MANY}, ns");
        rows.push(Row::new(name, ours, format!("of {FEW}"), other, Goal::AtMost(1.2)));
    }
    let copied = copied(&host, many);
    rows.push(Row::new("6 texts copied of 256", copied, "texts", 256.0, Goal::AtMost(0.0)));
}

fn create(host: &Host, entries: u64) -> WorkerRef {
    let seed = |at| SeedEntry {
        role: if at % 2 == 0 { Role::User } else { Role::Assistant },
        text: "some words of a conversation".into(),
        at_ms: None,
    };
    let create =
        CreateWorker { history: Some((0..entries).map(seed).collect()), ..CreateWorker::default() };
    let created = host.tokio.block_on(host.runtime.handle(create));
    created.expect("a Worker").detail.worker
}

/// The end of the page that lies this far into the transcript.
fn before(entries: u64, share: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    let skipped = ((entries - PAGE) as f64 * share) as u64;
    skipped + PAGE + 1
}

fn query(worker: WorkerRef, before: u64) -> GetTranscript {
    let from = TranscriptFrom::Before(TranscriptBefore { sequence: before });
    GetTranscript { worker, from: Some(from), limit: Some(PAGE) }
}

fn side(host: &Host, worker: WorkerRef, before: u64) -> Side<'_> {
    let Host { tokio, runtime, .. } = host;
    Side::new(move |n| {
        on_thread(|| {
            tokio.block_on(async {
                for _ in 0..n {
                    let _ = black_box(runtime.handle(query(worker, before)).await);
                }
            });
        })
    })
}

/// How many texts of a page are not the same in memory when it is read again.
fn copied(host: &Host, worker: WorkerRef) -> f64 {
    let read = || {
        let reply = host.tokio.block_on(host.runtime.handle(query(worker, PAGE + 1)));
        reply.expect("a page").entries
    };
    let (one, other) = (read(), read());
    assert_eq!([one.len() as u64, other.len() as u64], [PAGE; 2]);
    let pages = one.into_iter().zip(other);
    pages.filter(|(one, other)| !Arc::ptr_eq(&one.text, &other.text)).count() as f64
}
