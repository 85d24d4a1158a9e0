//! Retention: a Runtime deletes ended Workers by age or by count.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use worker_runtime::{
    Clock, Limits, Retention, Runtime, Scope, WorkerRef,
    commands::{CreateWorker, StopWorker, UpdateWorker},
    event::{EventFilter, EventType},
    queries::{GetOverview, GetRuntime, ListDiagnostics, ListWorkers, ReadEvents},
    store::{MemoryStore, Store},
};

use crate::{
    fault_store::{Fault, FaultStore},
    trouble::{Trouble, TroubledStore},
};

/// A wall clock that follows tokio's clock.
struct TokioClock(Instant);

impl Clock for TokioClock {
    #[expect(clippy::disallowed_methods, reason = "a test is short")]
    fn now_ms(&self) -> u64 {
        1_700_000_000_000 + u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

async fn runtime_on(store: Arc<dyn Store>, clock: Arc<dyn Clock>, retention: Retention) -> Runtime {
    Runtime::builder().store(store).clock(clock).retention(retention).build().await.unwrap()
}

async fn runtime(retention: Retention) -> Runtime {
    let clock = Arc::new(TokioClock(Instant::now()));
    runtime_on(Arc::new(MemoryStore::new()), clock, retention).await
}

const fn by_age(age: Duration) -> Retention {
    Retention { age: Some(age), count: None }
}

async fn worker(runtime: &Runtime) -> WorkerRef {
    runtime.handle(CreateWorker::default()).await.unwrap().detail.worker
}

async fn ended(runtime: &Runtime) -> WorkerRef {
    let worker = worker(runtime).await;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    worker
}

async fn there(runtime: &Runtime) -> Vec<WorkerRef> {
    let items = runtime.handle(ListWorkers::default()).await.unwrap().items;
    items.into_iter().map(|item| item.worker).collect()
}

async fn deletions(runtime: &Runtime) -> usize {
    let filter =
        EventFilter { types: Some(vec![EventType::WorkerDeleted]), ..EventFilter::default() };
    let read =
        ReadEvents { filter: Some(filter), limit: Some(1000), ..ReadEvents::new(Scope::runtime()) };
    runtime.handle(read).await.unwrap().items.len()
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn nothing_goes_by_default() {
    let runtime = runtime(Retention::default()).await;
    let worker = ended(&runtime).await;
    sleep(1000 * HOUR).await;
    assert_eq!(there(&runtime).await, [worker]);
}

#[tokio::test(start_paused = true)]
async fn an_ended_worker_goes_at_its_age_with_an_event() {
    let runtime = runtime(by_age(HOUR)).await;
    let idle = worker(&runtime).await;
    let first = ended(&runtime).await;
    sleep(HOUR / 2).await;
    let second = ended(&runtime).await;
    // Changes after the end of a Worker do not extend its retention.
    let rename = UpdateWorker { display_name: Some("old".to_owned()), ..UpdateWorker::new(first) };
    runtime.handle(rename).await.unwrap();
    sleep(Duration::from_mins(29)).await;
    assert_eq!(there(&runtime).await, [idle, first, second]);
    sleep(Duration::from_mins(2)).await;
    assert_eq!(there(&runtime).await, [idle, second]);
    assert_eq!(deletions(&runtime).await, 1);
    sleep(HOUR).await;
    assert_eq!(there(&runtime).await, [idle]);
}

#[tokio::test(start_paused = true)]
async fn those_that_ended_last_are_kept() {
    let runtime = runtime(Retention { age: None, count: Some(2) }).await;
    let idle = worker(&runtime).await;
    let mut workers = Vec::new();
    for _ in 0..5 {
        workers.push(worker(&runtime).await);
    }
    // The Workers end in another order than they were created.
    for worker in workers.iter().rev() {
        runtime.handle(StopWorker::new(*worker)).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(there(&runtime).await, [idle, workers[0], workers[1]]);
    assert_eq!(deletions(&runtime).await, 3);
}

#[tokio::test(start_paused = true)]
async fn churn_stays_within_the_count() {
    let runtime = runtime(Retention { age: None, count: Some(10) }).await;
    for round in 0..2_000 {
        ended(&runtime).await;
        if round % 50 == 49 {
            sleep(Duration::from_millis(1)).await;
            let states = runtime.handle(GetOverview::default()).await.unwrap().workers;
            assert_eq!((states.total(), states.stopped), (10, 10));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_ended_before_a_restart_goes_after_it() {
    let store = Arc::new(MemoryStore::new());
    let clock: Arc<dyn Clock> = Arc::new(TokioClock(Instant::now()));
    let first = runtime_on(Arc::clone(&store) as _, Arc::clone(&clock), by_age(HOUR)).await;
    let worker = ended(&first).await;
    sleep(HOUR / 2).await;
    drop(first);
    let second = runtime_on(store, clock, by_age(HOUR)).await;
    assert_eq!(there(&second).await, [worker]);
    sleep(HOUR / 2 + Duration::from_millis(10)).await;
    assert!(there(&second).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_the_store_refuses_is_tried_again() {
    for fault in Fault::ALL {
        // A creation, a stop, and then the deletion.
        let store = Arc::new(FaultStore::failing(3, fault));
        let clock = Arc::new(TokioClock(Instant::now()));
        let runtime = runtime_on(store, clock, by_age(HOUR)).await;
        ended(&runtime).await;
        sleep(2 * HOUR).await;
        assert!(there(&runtime).await.is_empty(), "{fault:?}");
        let states = runtime.handle(GetOverview::default()).await.unwrap().workers;
        assert_eq!(states.total(), 0, "{fault:?}");
        assert_eq!(deletions(&runtime).await, 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn workers_that_cannot_be_deleted_hold_up_no_others() {
    let store = Arc::new(TroubledStore::default());
    let runtime = runtime_on(
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::new(TokioClock(Instant::now())),
        by_age(HOUR),
    )
    .await;
    let mut stuck = Vec::new();
    for _ in 0..80 {
        stuck.push(ended(&runtime).await);
    }
    sleep(HOUR / 2).await;
    let free = ended(&runtime).await;
    store.set(Trouble::DeletionsRefusedBut(free.worker_id));
    sleep(HOUR / 2 + Duration::from_secs(30)).await;
    assert_eq!(there(&runtime).await.len(), 81);
    sleep(HOUR / 2).await;
    assert!(!there(&runtime).await.contains(&free), "the others hold it up");
    assert_eq!(there(&runtime).await, stuck);
    store.set(Trouble::None);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(there(&runtime).await, []);
}

#[tokio::test(start_paused = true)]
async fn deletions_that_hang_hold_up_no_others() {
    let store = Arc::new(TroubledStore::default());
    let runtime = Runtime::builder()
        .store(Arc::clone(&store) as _)
        .clock(Arc::new(TokioClock(Instant::now())))
        .retention(by_age(HOUR))
        .limits(Limits::default().commit(Duration::from_mins(10)))
        .build()
        .await
        .unwrap();
    let mut stuck = Vec::new();
    for _ in 0..80 {
        stuck.push(ended(&runtime).await);
    }
    sleep(Duration::from_secs(30)).await;
    let free = ended(&runtime).await;
    store.set(Trouble::DeletionsHangBut(free.worker_id));
    sleep(HOUR + Duration::from_secs(1)).await;
    assert_eq!(there(&runtime).await, stuck);
    // Each of them is asked for once at a time, and told once.
    assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().store.failures, 0);
    store.set(Trouble::None);
    sleep(HOUR).await;
    assert_eq!(there(&runtime).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_cannot_be_deleted_is_told_of_once() {
    let store = Arc::new(TroubledStore::default());
    let clock = Arc::new(TokioClock(Instant::now()));
    let runtime = runtime_on(Arc::clone(&store) as _, clock, by_age(HOUR)).await;
    let mut stuck = [ended(&runtime).await, ended(&runtime).await];
    let free = ended(&runtime).await;
    store.set(Trouble::DeletionsRefusedBut(free.worker_id));
    sleep(2 * HOUR).await;
    assert_eq!(there(&runtime).await, stuck);
    let told = runtime.handle(ListDiagnostics::new()).await.unwrap().items;
    let mut about: Vec<_> = told.iter().filter_map(|it| it.worker).collect();
    about.sort_unstable_by_key(|worker| worker.worker_id);
    stuck.sort_unstable_by_key(|worker| worker.worker_id);
    assert_eq!((about.as_slice(), told.len()), (stuck.as_slice(), 2), "{told:?}");
}
