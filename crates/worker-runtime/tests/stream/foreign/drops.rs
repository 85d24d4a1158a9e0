//! What the Backend gave to a Runtime may panic when it is dropped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use llm_engine::{ModelRequest, Provider, ProviderStream, ScriptedProvider};
use uuid::Uuid;
use worker_runtime::{
    Clock, IdSource, Profile, Runtime, SystemClock, UuidV7,
    commands::{CreateWorker, SendInput, StopWorker},
    model::Input,
    store::{MemoryStore, Store, StoreWrapper},
};

use super::soon;

/// A value that panics when it is dropped.
struct Grenade(Arc<AtomicU64>);

impl Drop for Grenade {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a drop panics");
    }
}

struct Explosive<T>(T, #[expect(dead_code, reason = "dropped")] Grenade);

impl Clock for Explosive<SystemClock> {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }
}

impl IdSource for Explosive<UuidV7> {
    fn next(&self, now_ms: u64) -> Uuid {
        self.0.next(now_ms)
    }
}

impl Provider for Explosive<ScriptedProvider> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        self.0.stream(request)
    }
}

impl StoreWrapper for Explosive<Arc<MemoryStore>> {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }
}

/// The number of things that the Backend gives.
const GIVEN: u64 = 4;

async fn explosive() -> (Runtime, Arc<AtomicU64>) {
    let dropped = Arc::new(AtomicU64::new(0));
    let grenade = || Grenade(Arc::clone(&dropped));
    let provider = Explosive(ScriptedProvider::hanging(), grenade());
    let runtime = Runtime::builder()
        .clock(Arc::new(Explosive(SystemClock, grenade())))
        .ids(Arc::new(Explosive(UuidV7, grenade())))
        .profile(Profile::new("explosive", Arc::new(provider)))
        .store(Arc::new(Explosive(Arc::<MemoryStore>::default(), grenade())))
        .build()
        .await
        .unwrap();
    (runtime, dropped)
}

async fn all_are(dropped: &AtomicU64) {
    soon(async {
        while dropped.load(Ordering::SeqCst) < GIVEN {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_runtime_is_dropped_without_a_panic() {
    let (runtime, dropped) = explosive().await;
    drop(runtime);
    all_are(&dropped).await;
}

#[tokio::test]
async fn a_runtime_with_a_turn_in_flight_is_dropped_without_a_panic() {
    let (runtime, dropped) = explosive().await;
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    tokio::time::sleep(Duration::from_millis(5)).await;
    runtime.handle(StopWorker::new(worker).deadline(Duration::ZERO)).await.unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    drop(runtime);
    all_are(&dropped).await;
}
