//! Ten kinds of churn. Each makes and removes the same things over and over; the bytes in use
//! after many rounds must be about those after a few.

use std::{alloc::System, future::Future, sync::Arc, task::Context, time::Duration};

use llm_engine::EchoProvider;
use stats_alloc::StatsAlloc;
use worker_runtime::{
    Limits, Profile, Runtime, Scope, Subscribe, WorkerRef,
    commands::{
        CancelTurn, CreateWorker, DeleteWorker, SendInput, StopRuntime, StopWorker, UpdateWorker,
    },
    model::{Access, Labels, ScopeClaim, TurnSelector},
    queries::{GetTurn, ReadEvents},
};

/// The bytes that may stay after all rounds: caches, and buffers that grew once.
const ALLOWED: usize = 600_000;

type Allocator = &'static StatsAlloc<System>;

/// Runs every kind of churn, and panics if one leaves more behind than it found.
pub(crate) fn all(rounds: u32, allocator: Allocator) {
    check("Workers", rounds, allocator, async |world, _| world.gone(CreateWorker::new()).await);
    check("turns", rounds, allocator, async |world, _| {
        let worker = world.created(CreateWorker::new()).await;
        world.turn(SendInput::new(worker, "hi")).await;
        world.end(worker).await;
    });
    check("answers that were cancelled", rounds / 10, allocator, async |world, _| {
        let created = world.created(CreateWorker::new().initial_input("x".repeat(10_000))).await;
        let _ = world.runtime.handle(CancelTurn::new(created)).await;
        world.end(created).await;
    });
    check("keys of creations", rounds, allocator, async |world, round| {
        world.gone(CreateWorker::new().idempotency_key(format!("key {round}"))).await;
    });
    check("keys of inputs", rounds / 5, allocator, async |world, _| {
        let worker = world.created(CreateWorker::new()).await;
        for number in 0..5 {
            let input = SendInput::new(worker, "hi").idempotency_key(format!("key {number}"));
            world.turn(input).await;
        }
        world.end(worker).await;
    });
    check("subscriptions", rounds, allocator, async |world, _| {
        let subscribe = Subscribe::new(Scope::worker(world.worker));
        let mut stream = world.runtime.subscribe(subscribe).await.expect("a stream");
        stream.next().await;
        once(stream.next());
    });
    check("waits", rounds, allocator, async |world, _| {
        let wait =
            GetTurn::new(world.worker, TurnSelector::latest()).wait(Duration::from_millis(1));
        let _ = world.runtime.handle(wait).await;
        let read = ReadEvents::new(Scope::runtime())
            .starting_at(worker_runtime::EventsFrom::now())
            .wait(Duration::from_secs(5));
        once(world.runtime.handle(read));
    });
    check("labels", rounds, allocator, async |world, round| {
        let labels = Labels::from([(format!("name {round}"), format!("value {round}"))]);
        let update = UpdateWorker::new(world.worker).labels(labels);
        world.runtime.handle(update).await.expect("an update");
        let removed = vec![format!("name {round}")];
        let update = UpdateWorker::new(world.worker).remove_labels(removed);
        world.runtime.handle(update).await.expect("an update");
    });
    check("claims", rounds, allocator, async |world, round| {
        let resource = format!("a/{round}/b");
        let claims = vec![ScopeClaim { resource, access: Access::Exclusive }];
        world.gone(CreateWorker::new().scope_claims(claims)).await;
    });
    check("futures that were dropped", rounds, allocator, async |world, _| {
        once(world.runtime.handle(CreateWorker::new().initial_input("hi")));
        let worker = world.created(CreateWorker::new()).await;
        once(world.runtime.handle(SendInput::new(worker, "hi")));
        once(world.runtime.subscribe(Subscribe::new(Scope::runtime())));
        world.clear().await;
    });
}

const SOON: Duration = Duration::from_secs(30);

/// A Runtime with one Worker that stays.
struct World {
    runtime: Runtime,
    worker: WorkerRef,
}

impl World {
    async fn new() -> Self {
        // Small logs and windows, so that they are full after a few rounds.
        let limits = Limits::default()
            .events_runtime(256)
            .events_per_worker(64)
            .transcript_entries(1 << 40)
            .idempotency_keys(64)
            .idempotency_keys_create(64)
            .diagnostics(16);
        let profile = Profile::new("echo", Arc::new(EchoProvider::default()));
        let runtime = Runtime::builder().profile(profile).limits(limits).build().await;
        let runtime = runtime.expect("a Runtime");
        let worker = runtime.handle(CreateWorker::new()).await.expect("a Worker").detail.worker;
        Self { runtime, worker }
    }

    async fn created(&self, command: CreateWorker) -> WorkerRef {
        self.runtime.handle(command).await.expect("a Worker").detail.worker
    }

    async fn turn(&self, input: SendInput) {
        let sent = self.runtime.handle(input).await.expect("an input");
        self.runtime.wait_turn(sent.receipt, SOON).await.expect("the turn ends");
    }

    async fn end(&self, worker: WorkerRef) {
        let stop = StopWorker::new(worker).deadline(Duration::ZERO);
        self.runtime.handle(stop).await.expect("a stop");
        self.runtime.handle(DeleteWorker::new(worker)).await.expect("a deletion");
    }

    /// Creates a Worker and removes it.
    async fn gone(&self, command: CreateWorker) {
        let worker = self.created(command).await;
        self.end(worker).await;
    }

    /// Removes every Worker but the one that stays.
    async fn clear(&self) {
        let list = worker_runtime::queries::ListWorkers::new();
        let all = self.runtime.handle(list).await.expect("a list").items;
        for worker in all.iter().map(|it| it.worker).filter(|worker| *worker != self.worker) {
            self.end(worker).await;
        }
    }
}

/// Polls a future once and drops it.
fn once<T>(future: impl Future<Output = T>) {
    let waker = futures_util::task::noop_waker();
    let _ = std::pin::pin!(future).poll(&mut Context::from_waker(&waker));
}

#[expect(clippy::needless_pass_by_value, reason = "a closure is written at each call")]
fn check<F>(what: &str, rounds: u32, allocator: Allocator, round: F)
where
    F: AsyncFn(&World, u32),
{
    let mut tokio = tokio::runtime::Builder::new_current_thread();
    let tokio = tokio.enable_time().build().expect("a tokio runtime");
    tokio.block_on(async {
        let world = World::new().await;
        let in_use = || {
            let stats = allocator.stats();
            stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
        };
        let warm_up = 2000.min(rounds);
        for number in 0..warm_up {
            round(&world, number).await;
            // The tasks of turns end when the thread is theirs.
            tokio::task::yield_now().await;
        }
        let before = in_use();
        for number in warm_up..warm_up + rounds {
            round(&world, number).await;
            tokio::task::yield_now().await;
        }
        let after = in_use();
        println!("churn of {what}: {rounds} rounds, {before} bytes before and {after} after");
        assert!(after < before + ALLOWED, "{what}: the memory grows");
        world.runtime.handle(StopRuntime::new()).await.expect("a stop");
    });
}
