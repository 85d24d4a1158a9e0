//! A Runtime with Workers, on a tokio runtime of its own.

use std::{hint::black_box, sync::Arc};

use llm_engine::EchoProvider;
use tokio::runtime::{Builder, Runtime as Tokio};
use worker::{HistoryBudget, Profile};
use worker_runtime::{
    Limits, Request, Runtime, RuntimeBuilder, Scope, StreamItem, Subscribe, Subscription,
    WorkerRef,
    commands::{CreateWorker, SendInput},
    queries::GetRuntime,
};

use crate::harness::Side;

/// A Runtime with Workers, on a tokio runtime of its own.
pub struct Host {
    /// The tokio runtime that the Runtime runs on.
    pub tokio: Tokio,
    /// The Runtime.
    pub runtime: Runtime,
    /// The Workers of the Runtime, in order of creation.
    pub workers: Vec<WorkerRef>,
}

/// Creates a tokio runtime that uses only the calling thread.
#[must_use]
pub fn current_thread() -> Tokio {
    Builder::new_current_thread().enable_time().build().expect("a tokio runtime")
}

/// Creates a tokio runtime with this many threads of its own.
#[must_use]
pub fn threads(count: usize) -> Tokio {
    Builder::new_multi_thread()
        .worker_threads(count)
        .enable_time()
        .build()
        .expect("a tokio runtime")
}

/// Returns the default limits, but with room for millions of Workers, turns, entries and keys.
#[must_use]
pub fn roomy() -> Limits {
    const MANY: u64 = 1 << 40;
    Limits::default()
        .workers(MANY)
        .turns_in_flight(MANY)
        .transcript_entries(MANY)
        .history_entries(MANY)
        .idempotency_keys_create(MANY)
}

/// Returns the builder of a Runtime whose echo provider is given only the newest message, so that a
/// turn costs the same after any number of earlier turns.
pub fn brief() -> RuntimeBuilder {
    let budget = HistoryBudget { max_messages: 1, ..HistoryBudget::default() };
    let profile = Profile::new("echo", Arc::new(EchoProvider::new())).history(budget);
    Runtime::builder().limits(roomy()).profile(profile)
}

impl Host {
    /// Creates a Runtime on the calling thread, with this many Workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self::on(current_thread(), brief(), workers)
    }

    /// Creates a Runtime on this tokio runtime, with this many Workers.
    #[must_use]
    pub fn on(tokio: Tokio, builder: RuntimeBuilder, workers: usize) -> Self {
        let runtime = tokio.block_on(builder.build()).expect("a Runtime");
        let mut host = Self { tokio, runtime, workers: Vec::new() };
        host.grow(workers);
        host
    }

    /// Creates Workers until there are this many.
    pub fn grow(&mut self, workers: usize) {
        let Self { tokio, runtime, workers: present } = self;
        tokio.block_on(async {
            while present.len() < workers {
                present.push(create(runtime).await);
            }
        });
    }

    /// Sends a short input to each Worker.
    pub fn say_to_all(&self) {
        self.tokio.block_on(async {
            for &worker in &self.workers {
                say(&self.runtime, worker, "hello").await;
            }
        });
    }

    /// Waits until no turn runs.
    pub fn drain(&self) {
        self.tokio.block_on(quiet(&self.runtime));
    }

    /// Creates a side that makes a request again and again, on the calling thread.
    pub fn asking<'a, Kind>(&'a self, request: impl Request<Kind> + Clone + 'a) -> Side<'a> {
        Side::each(&self.tokio, async move |_| ask(&self.runtime, request.clone()).await)
    }
}

/// Makes a request, and checks of the reply only that it is not an error.
pub async fn ask<Kind>(runtime: &Runtime, request: impl Request<Kind>) {
    assert!(black_box(runtime.handle(request).await).is_ok(), "the request is refused");
}

/// Creates a Worker.
pub async fn create(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker
}

/// Sends an input.
pub async fn say(runtime: &Runtime, worker: WorkerRef, text: &str) {
    ask(runtime, SendInput::new(worker, text)).await;
}

/// Waits until no turn runs.
pub async fn quiet(runtime: &Runtime) {
    let running = async || {
        let reply = runtime.handle(GetRuntime {}).await.expect("a reply");
        reply.summary.turns_in_flight > 0
    };
    while running().await {
        tokio::task::yield_now().await;
    }
}

/// Subscribes to a scope's events from now on.
pub async fn follow(runtime: &Runtime, scope: Scope) -> Subscription {
    let mut stream = runtime.subscribe(Subscribe::new(scope)).await.expect("a subscription");
    let first = stream.next().await;
    assert!(matches!(first, Some(StreamItem::Synced { .. })), "a new stream is in sync");
    stream
}

/// Subscribes to the events of each of these Workers.
pub async fn follow_each(runtime: &Runtime, workers: &[WorkerRef]) -> Vec<Subscription> {
    let mut streams = Vec::new();
    for &worker in workers {
        streams.push(follow(runtime, Scope::worker(worker)).await);
    }
    streams
}

/// Reads until a turn has ended.
pub async fn until_turn_ends(stream: &mut Subscription) {
    while let Some(item) = black_box(stream.next().await) {
        match item {
            StreamItem::Event(item) if item.event.event_type().ends_turn() => return,
            StreamItem::Gap { .. } => panic!("events were missed"),
            _ => {}
        }
    }
    panic!("the stream ended before the turn");
}

/// Reads until the next text delta.
pub async fn until_delta(stream: &mut Subscription) {
    while let Some(item) = black_box(stream.next().await) {
        if matches!(item, StreamItem::TextDelta { .. }) {
            return;
        }
    }
    panic!("the stream ended before the delta");
}

/// Reads this many events.
pub async fn read_events(stream: &mut Subscription, count: usize) {
    let mut events = 0;
    while events < count {
        match stream.next().await {
            Some(StreamItem::Event(item)) => {
                black_box(item.event.sequence);
                events += 1;
            }
            Some(StreamItem::Gap { .. }) | None => panic!("events were missed"),
            Some(_) => {}
        }
    }
}
