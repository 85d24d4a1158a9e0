//! Small fixed workloads of the hot paths, for a tool that counts instructions.
//!
//! `bench/callgrind` runs each by its name in a process of its own and counts only what happens
//! within [`measured`].

use std::{hint::black_box, sync::Arc};

use futures_util::StreamExt;
use serde_json::json;
use worker::Profile;
use worker_runtime::{
    Decode, QueryReply, Runtime, RuntimeQuery, Scope, StreamItem, Subscribe,
    commands::CancelTurn,
    queries::{GetOverview, GetTranscript, GetWorker, ListWorkers, ReadEvents, WorkerOrder},
};

use crate::{
    host::{Host, brief, create, current_thread, follow, quiet, say, until_turn_ends},
    lines::{
        fast::cancel_turn as stalled,
        flat::{list_workers as listing, read_events as events},
    },
    providers::{Stalled, Talker},
};

/// The argument that makes this program run one workload.
pub const WORKLOAD: &str = "workload";

/// How often each workload does what it is named after.
const TIMES: u64 = 1024;

/// A workload: its name, and what it does.
type Workload = (&'static str, fn());

/// Every workload.
const WORKLOADS: &[Workload] = &[
    ("get_worker", get_worker),
    ("create_worker", create_worker),
    ("send_input", send_input),
    ("turn", turn),
    ("ten_deltas", ten_deltas),
    ("cancel_turn", cancel_turn),
    ("read_events_256", read_events),
    ("read_events_256_of_1000", || read_worker_events(1_000)),
    ("read_events_256_of_100000", || read_worker_events(100_000)),
    ("get_transcript_256", get_transcript),
    ("list_workers_256_of_1000", || list_workers(1_000)),
    ("list_workers_256_of_1000000", || list_workers(1_000_000)),
    ("get_overview_of_100", || get_overview(100)),
    ("get_overview_of_1000000", || get_overview(1_000_000)),
    ("delivery", delivery),
    ("follow_turn", follow_turn),
    ("get_worker_json", get_worker_json),
];

/// Runs the workload with this name, or tells with `--list` which there are; whether there is one.
#[must_use]
pub fn run(name: &str) -> bool {
    if name == "--list" {
        let names: Vec<&str> = WORKLOADS.iter().map(|(name, _)| *name).collect();
        println!("{}", json!({ "times": TIMES, "workloads": names }));
        return true;
    }
    let workload = WORKLOADS.iter().find(|(it, _)| *it == name);
    workload.inspect(|(_, run)| run()).is_some()
}

/// What is counted. Nothing outside it is.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn many() -> usize {
    usize::try_from(TIMES).unwrap_or_default()
}

fn get_worker() {
    let Host { tokio, runtime, workers } = &Host::new(many());
    tokio.block_on(async {
        for worker in workers.iter().copied() {
            let _ = black_box(runtime.handle(GetWorker { worker }).await);
        }
    });
    measured(|| {
        tokio.block_on(async {
            for worker in workers.iter().copied() {
                let _ = black_box(runtime.handle(GetWorker { worker }).await);
            }
        });
    });
}

fn create_worker() {
    let Host { tokio, runtime, .. } = &Host::new(many());
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                create(runtime).await;
            }
        });
    });
}

/// An idle host whose Workers have taken a turn.
fn warm() -> Host {
    let host = brief(many());
    inputs(&host);
    host.drain();
    host
}

fn inputs(host: &Host) {
    host.tokio.block_on(async {
        for &worker in &host.workers {
            say(&host.runtime, worker).await;
        }
    });
}

fn send_input() {
    let host = warm();
    measured(|| inputs(&host));
    host.drain();
}

fn turn() {
    let host = warm();
    inputs(&host);
    measured(|| host.drain());
}

/// A turn whose model says so much, to nobody.
fn ten_deltas() {
    let deltas = 10 * TIMES;
    let profile = Profile::new("talker", Arc::new(Talker::new(deltas, deltas)));
    let host = Host::on(current_thread(), Runtime::builder().profile(profile), 1);
    measured(|| {
        inputs(&host);
        host.drain();
    });
}

fn cancel_turn() {
    let provider = Stalled::default();
    let host = stalled::host(&provider, TIMES);
    stalled::begin(&host, &provider, TIMES);
    measured(|| {
        host.tokio.block_on(async {
            for &worker in &host.workers {
                let _ = black_box(host.runtime.handle(CancelTurn::running(worker)).await);
            }
            while provider.waiting() > 0 {
                tokio::task::yield_now().await;
            }
        });
    });
}

fn read_events() {
    let Host { tokio, runtime, .. } = &warm();
    let read = ReadEvents { limit: Some(256), ..ReadEvents::of(Scope::runtime()) };
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                let _ = black_box(runtime.handle(read.clone()).await);
            }
        });
    });
}

/// The oldest events of a Worker that has so many.
fn read_worker_events(count: u64) {
    let host = events::host(count);
    let Host { tokio, runtime, workers } = &host;
    tokio.block_on(async {
        for sequence in 1..count {
            events::tell(&host, sequence).await;
        }
    });
    let read = ReadEvents { limit: Some(256), ..ReadEvents::of(Scope::worker(workers[0])) };
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                let _ = black_box(runtime.handle(read.clone()).await);
            }
        });
    });
}

fn get_transcript() {
    let Host { tokio, runtime, workers } = &brief(1);
    for _ in 0..128 {
        tokio.block_on(async {
            say(runtime, workers[0]).await;
            quiet(runtime).await;
        });
    }
    let read = GetTranscript { limit: Some(256), ..GetTranscript::tail(workers[0]) };
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                let _ = black_box(runtime.handle(read.clone()).await);
            }
        });
    });
}

fn list_workers(count: usize) {
    let host = Host::new(count);
    let Host { tokio, runtime, .. } = &host;
    let mut pages = Vec::new();
    for order in [WorkerOrder::Oldest, WorkerOrder::Newest] {
        let tokens = listing::tokens(&host, order);
        for at in [0, tokens.len() / 2, tokens.len() - 1] {
            let page = listing::query(Some(tokens[at].clone()));
            pages.push(ListWorkers { order: Some(order), ..page });
        }
    }
    measured(|| {
        tokio.block_on(async {
            for page in pages.iter().cycle().take(many()) {
                black_box(runtime.handle(page.clone()).await.expect("a page"));
            }
        });
    });
}

fn get_overview(count: usize) {
    let Host { tokio, runtime, .. } = &Host::new(count);
    let overview = GetOverview::default();
    tokio.block_on(runtime.handle(overview)).expect("an overview");
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                let _ = black_box(runtime.handle(overview).await);
            }
        });
    });
}

/// An event on its way to a subscriber.
fn delivery() {
    let host = warm();
    let Host { tokio, runtime, .. } = &host;
    let mut stream =
        tokio.block_on(runtime.subscribe(Subscribe::to(Scope::runtime()))).expect("a stream");
    inputs(&host);
    host.drain();
    measured(|| {
        tokio.block_on(async {
            let mut events = 0;
            while events < TIMES {
                if let Some(StreamItem::Event(event)) = stream.next().await {
                    black_box(event.event.at_ms);
                    events += 1;
                }
            }
        });
    });
}

/// What the only subscriber of a Worker reads of a turn.
fn follow_turn() {
    let host = brief(many());
    let Host { tokio, runtime, workers } = &host;
    let follow_all = async {
        let mut streams = Vec::new();
        for &worker in workers {
            streams.push(follow(runtime, worker).await);
        }
        streams
    };
    let mut streams = tokio.block_on(follow_all);
    inputs(&host);
    host.drain();
    measured(|| {
        tokio.block_on(async {
            for stream in &mut streams {
                until_turn_ends(stream).await;
            }
        });
    });
}

fn get_worker_json() {
    let Host { tokio, runtime, workers } = &warm();
    let query = RuntimeQuery::GetWorker(GetWorker { worker: workers[0] });
    let bytes = serde_json::to_vec(&query).expect("JSON");
    // What is made at the first use is not part of it.
    RuntimeQuery::decode(&bytes, 1 << 20).expect("a query");
    measured(|| {
        tokio.block_on(async {
            for _ in 0..TIMES {
                let query = RuntimeQuery::decode(black_box(&bytes), 1 << 20).expect("a query");
                let reply: QueryReply = runtime.handle(query).await.expect("a Worker");
                black_box(serde_json::to_vec(&reply).expect("JSON"));
            }
        });
    });
}
