//! A Runtime with Workers, on a tokio runtime of its own.

use std::sync::Arc;

use futures_util::StreamExt;
use llm_engine::EchoProvider;
use worker::{HistoryBudget, Profile};
use worker_runtime::{
    Limits, Runtime, RuntimeBuilder, Scope, StreamItem, Subscribe, Subscription, WorkerRef,
    commands::{CreateWorker, SendInput},
};

/// A Runtime with Workers, on a tokio runtime of its own.
pub struct Host {
    /// What everything runs on.
    pub tokio: tokio::runtime::Runtime,
    /// The Runtime.
    pub runtime: Runtime,
    /// Its Workers, in order of creation.
    pub workers: Vec<WorkerRef>,
}

/// tokio on the calling thread alone.
#[must_use]
pub fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("tokio")
}

/// tokio with two threads.
#[must_use]
pub fn two_threads() -> tokio::runtime::Runtime {
    threads(2)
}

/// tokio with so many threads of its own.
#[must_use]
pub fn threads(count: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(count)
        .enable_time()
        .build()
        .expect("tokio")
}

/// A Runtime whose echo hears only the last input, so that turns cost the same however many there
/// were before.
#[must_use]
pub fn brief(workers: usize) -> Host {
    Host::on(current_thread(), brief_builder(), workers)
}

/// The same, still to be built.
pub fn brief_builder() -> RuntimeBuilder {
    let budget = HistoryBudget { max_messages: 1, ..HistoryBudget::default() };
    let profile = Profile::new("echo", Arc::new(EchoProvider::new())).history(budget);
    let limits = Limits { transcript_entries: 1 << 40, ..roomy() };
    Runtime::builder().limits(limits).profile(profile)
}

/// The default limits, but with room for a million Workers.
#[must_use]
pub fn roomy() -> Limits {
    Limits { workers: 2_000_000, ..Limits::default() }
}

impl Host {
    /// A Runtime on the calling thread, with this many default Workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self::on(current_thread(), Runtime::builder().limits(roomy()), workers)
    }

    /// A Runtime on this tokio runtime.
    #[must_use]
    pub fn on(tokio: tokio::runtime::Runtime, builder: RuntimeBuilder, workers: usize) -> Self {
        let runtime = tokio.block_on(builder.build()).expect("a Runtime");
        let mut host = Self { tokio, runtime, workers: Vec::new() };
        host.grow(workers);
        host
    }

    /// Creates Workers until there are this many.
    pub fn grow(&mut self, workers: usize) {
        let Self { tokio, runtime, workers: there } = self;
        tokio.block_on(async {
            while there.len() < workers {
                there.push(create(runtime).await);
            }
        });
    }

    /// Lets everything that runs come to its end.
    pub fn drain(&self) {
        self.tokio.block_on(quiet(&self.runtime));
    }
}

/// Creates a default Worker.
pub async fn create(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker
}

/// Says something short.
pub async fn say(runtime: &Runtime, worker: WorkerRef) {
    let accepted = runtime.handle(SendInput::user(worker, "hello")).await;
    std::hint::black_box(accepted.expect("a receipt"));
}

/// Waits until no turn runs.
pub async fn quiet(runtime: &Runtime) {
    while in_flight(runtime).await > 0 {
        tokio::task::yield_now().await;
    }
}

/// How many turns run.
pub async fn in_flight(runtime: &Runtime) -> u64 {
    let reply = runtime.handle(worker_runtime::queries::GetRuntime {}).await.expect("figures");
    reply.summary.turns_in_flight
}

/// A stream of what happens to a Worker from now on.
pub async fn follow(runtime: &Runtime, worker: WorkerRef) -> Subscription {
    let mut stream =
        runtime.subscribe(Subscribe::to(Scope::worker(worker))).await.expect("a subscription");
    let first = stream.next().await;
    assert!(matches!(first, Some(StreamItem::Synced { .. })), "a new stream is in sync");
    stream
}

/// Reads until a turn has ended.
pub async fn until_turn_ends(stream: &mut Subscription) {
    while let Some(item) = stream.next().await {
        if let StreamItem::Event(it) = item
            && it.event.event_type().ends_turn()
        {
            return;
        }
    }
    panic!("the stream ended before the turn");
}
