//! A Runtime that has lost its lease stops at once, and the next owner takes over.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use llm_engine::ScriptedProvider;
use tokio::time::{sleep, timeout};
use worker_runtime::{
    BuildError, Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe, Subscription,
    WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorker, UpdateWorker},
    event::EndReason,
    model::{Input, RuntimeState, Severity, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetTurn, GetWorker, ListDiagnostics, ListWorkers},
    store::{
        FoundTurn, Lease, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper, TurnLookup,
    },
};

use crate::{
    trouble::{Trouble, TroubledStore},
    view::worker_view,
};

const LEASE: Duration = Duration::from_secs(3);

async fn runtime_on(store: Arc<dyn Store>) -> Runtime {
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    Runtime::builder().profile(hanging).lease_duration(LEASE).store(store).build().await.unwrap()
}

/// A Runtime with a running turn and a subscriber.
struct Scene {
    runtime: Runtime,
    store: Arc<TroubledStore>,
    worker: WorkerRef,
    streams: [Subscription; 2],
}

async fn scene() -> Scene {
    let store = Arc::new(TroubledStore::default());
    let runtime = runtime_on(Arc::clone(&store) as _).await;
    let initial_input = Some(Input::user("wait"));
    let create = CreateWorker { initial_input, ..CreateWorker::default() };
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    let streams = [
        runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap(),
        runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap(),
    ];
    Scene { runtime, store, worker, streams }
}

impl Scene {
    /// Checks that the Runtime has stopped and reported the stop, and that the next Runtime takes over.
    async fn has_stopped(self) {
        let Self { runtime, store, worker, streams } = self;
        let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
        assert_eq!(summary.state, RuntimeState::Stopped);
        let severity = Some(Severity::Error);
        let noted = runtime
            .handle(ListDiagnostics { severity, ..ListDiagnostics::new() })
            .await
            .unwrap()
            .items;
        assert_eq!(noted.len(), 1, "{noted:?}");
        for stream in streams {
            let items: Vec<StreamItem> =
                timeout(Duration::from_secs(1), stream.collect()).await.unwrap();
            let reason = EndReason::RuntimeStopped;
            assert_eq!(items.last(), Some(&StreamItem::Ended { reason }), "{items:?}");
        }
        let refused = runtime.handle(SendInput::new(worker, "hello?")).await;
        assert_eq!(refused.unwrap_err(), RuntimeError::RuntimeStopped {});
        let refused = runtime.handle(StopWorker::new(worker)).await;
        assert_eq!(refused.unwrap_err(), RuntimeError::RuntimeStopped {});

        store.set(Trouble::None);
        sleep(LEASE).await;
        let next = runtime_on(Arc::clone(&store) as _).await;
        let seen = worker_view(&next, worker).await;
        seen.check();
        assert_eq!(seen.detail.state, WorkerState::Idle);
        assert_eq!(seen.detail.last_outcome, Some(TurnOutcome::Lost));
        drop(runtime);
        let sent = next.handle(SendInput::new(worker, "and now?")).await;
        assert!(sent.is_ok(), "the late goodbye of the first owner took the store: {sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_is_lost_when_it_runs_out() {
    for trouble in [Trouble::RenewHangs, Trouble::RenewPanics] {
        let scene = scene().await;
        scene.store.set(trouble);
        sleep(2 * LEASE).await;
        scene.has_stopped().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_finds_the_lease_lost_stops_the_runtime() {
    let scene = scene().await;
    scene.store.set(Trouble::LeaseIsLost);
    let rename =
        UpdateWorker { display_name: Some("new".to_owned()), ..UpdateWorker::new(scene.worker) };
    let refused = scene.runtime.handle(rename).await;
    assert_eq!(refused.unwrap_err(), RuntimeError::RuntimeStopped {});
    scene.has_stopped().await;
}

async fn told(runtime: &Runtime) -> Vec<String> {
    let noted = runtime.handle(ListDiagnostics::new()).await.unwrap().items;
    noted.iter().map(|it| it.message.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn renewals_that_fail_are_counted_and_told_of_once_while_they_do() {
    let scene = scene().await;
    let why = "the store did not renew its lease; trying again until it ends";
    for times in 1..=2 {
        scene.store.set(Trouble::RenewRefused);
        sleep(LEASE * 5 / 6).await;
        scene.store.set(Trouble::None);
        sleep(LEASE).await;
        assert_eq!(told(&scene.runtime).await, vec![why; times]);
        let failures = scene.runtime.handle(GetRuntime {}).await.unwrap().store.failures;
        assert_eq!(failures, 2 * times as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_fails_is_counted_and_told_of() {
    let scene = scene().await;
    scene.store.set(Trouble::ReleaseRefused);
    scene.runtime.handle(StopRuntime::new().deadline(Duration::ZERO)).await.unwrap();
    scene.runtime.wait_stopped(LEASE).await.unwrap();
    let why = "the store did not release its lease, which ends by itself";
    assert_eq!(told(&scene.runtime).await, [why]);
    assert_eq!(scene.runtime.handle(GetRuntime {}).await.unwrap().store.failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_once_costs_nothing() {
    let scene = scene().await;
    scene.store.set(Trouble::RenewPanics);
    sleep(LEASE / 2).await;
    scene.store.set(Trouble::None);
    sleep(5 * LEASE).await;
    let summary = scene.runtime.handle(GetRuntime {}).await.unwrap().summary;
    assert_eq!(summary.state, RuntimeState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_past_its_lease_refuses_what_may_be_out_of_date() {
    // Both a paused process and a blocked tokio runtime look like this to the Runtime: its clock has
    // moved on, and none of its tasks has run.
    let scene = scene().await;
    scene.store.set(Trouble::RenewHangs);
    tokio::time::advance(2 * LEASE).await;
    let (runtime, worker) = (&scene.runtime, scene.worker);
    let gone = RuntimeError::RuntimeStopped {};
    assert_eq!(runtime.handle(GetWorker { worker }).await.unwrap_err(), gone);
    assert_eq!(runtime.handle(ListWorkers::new()).await.unwrap_err(), gone);
    assert_eq!(runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap_err(), gone);
    scene.has_stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_build_waits_for_the_lease_of_another_runtime() {
    let store: Arc<dyn Store> = Arc::new(TroubledStore::default());
    let first = runtime_on(Arc::clone(&store)).await;
    let builder = || Runtime::builder().lease_duration(LEASE).store(Arc::clone(&store));
    let refused = builder().build().await;
    assert!(matches!(refused, Err(BuildError::StoreOwned { .. })), "{refused:?}");
    let refused = builder().wait_for_lease(LEASE).build().await;
    assert!(matches!(refused, Err(BuildError::StoreOwned { .. })), "the owner renews its lease");
    let next = tokio::spawn(builder().wait_for_lease(10 * LEASE).build());
    sleep(LEASE).await;
    first.handle(StopRuntime::new()).await.unwrap();
    let began = tokio::time::Instant::now();
    next.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
}

/// A store that does not renew the lease, and says late that it does not have a turn.
#[derive(Default)]
struct LateStore(MemoryStore);

impl StoreWrapper for LateStore {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn renew(&self, _: Lease, _: Duration) -> StoreFuture<Result<(), StoreError>> {
        StoreFuture::ready(Err(StoreError::LeaseLost))
    }

    fn turn(
        &self,
        _: WorkerId,
        _: TurnLookup,
    ) -> StoreFuture<Result<Option<FoundTurn>, StoreError>> {
        StoreFuture::pending(async {
            sleep(LEASE).await;
            Ok(None)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_has_lost_its_lease_complains_of_nothing() {
    let runtime = runtime_on(Arc::new(LateStore::default())).await;
    let initial_input = Some(Input::user("wait"));
    let create = CreateWorker { initial_input, ..CreateWorker::default() };
    let receipt = runtime.handle(create).await.unwrap().receipt.unwrap();
    // What the store answers meanwhile may be what another Runtime has written.
    let read = runtime.handle(GetTurn::new(receipt.worker, receipt.turn_id)).await;
    assert!(read.is_err());
    let noted = runtime.handle(ListDiagnostics::new()).await.unwrap().items;
    let messages: Vec<&str> = noted.iter().map(|it| &*it.message).collect();
    assert_eq!(messages, ["another Runtime owns the store now; this one has stopped"]);
}
