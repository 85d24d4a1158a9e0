//! A store that does not take the ends of turns that were open, or takes them late.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use llm_engine::ScriptedProvider;
use worker_runtime::{
    BuildError, Profile, Runtime, WorkerId, WorkerRef,
    commands::{CancelTurn, CreateWorker, SendInput, StopRuntime},
    model::{Input, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetWorker},
    store::{Batch, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper},
};

use super::lying_store::{bounded, told};
use crate::wrapper::Answer;

/// Refuses, or does not answer, the commits of some Workers, and answers the others late.
#[derive(Default)]
struct Reluctant {
    inner: Arc<MemoryStore>,
    refused: Mutex<HashSet<WorkerId>>,
    unknown: Mutex<HashSet<WorkerId>>,
    lost: Mutex<bool>,
    is_late: Mutex<bool>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl StoreWrapper for Reluctant {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        if self.refused.lock().unwrap().contains(&batch.worker_id) {
            return StoreFuture::ready(Err(StoreError::Refused("no".to_owned())));
        }
        if self.unknown.lock().unwrap().contains(&batch.worker_id) {
            return StoreFuture::ready(Err(StoreError::Unknown("perhaps".to_owned())));
        }
        if *self.lost.lock().unwrap() {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        if !*self.is_late.lock().unwrap() {
            return self.inner.commit(batch);
        }
        let (inner, batch) = (Arc::clone(&self.inner), batch.clone());
        let (under_way, most) = (Arc::clone(&self.under_way), Arc::clone(&self.most));
        StoreFuture::pending(async move {
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            inner.commit(&batch).await
        })
    }
}

async fn build(store: &Arc<Reluctant>) -> Result<Runtime, BuildError> {
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    Runtime::builder().profile(hanging).store(Arc::clone(store) as Arc<dyn Store>).build().await
}

/// A store with Workers whose turns were left open.
async fn with_open_turns(count: usize) -> (Arc<Reluctant>, Vec<WorkerRef>) {
    let store = Arc::new(Reluctant::default());
    let runtime = build(&store).await.unwrap();
    let mut workers = Vec::new();
    for _ in 0..count {
        let create = CreateWorker::new().initial_input(Input::user("hi"));
        workers.push(runtime.handle(create).await.unwrap().detail.worker);
    }
    drop(runtime);
    tokio::time::sleep(Duration::from_mins(1)).await;
    (store, workers)
}

async fn state(runtime: &Runtime, worker: WorkerRef) -> (WorkerState, Option<TurnOutcome>) {
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    (detail.state, detail.last_outcome)
}

const LOST: (WorkerState, Option<TurnOutcome>) = (WorkerState::Idle, Some(TurnOutcome::Lost));
const OPEN: (WorkerState, Option<TurnOutcome>) = (WorkerState::Running, None);
const TRYING: &str = "the store did not take the end of a turn that was open; trying again";

#[test]
fn an_open_turn_that_cannot_be_ended_sinks_no_other_worker() {
    bounded(async {
        let (store, workers) = with_open_turns(3).await;
        store.refused.lock().unwrap().insert(workers[1].worker_id);
        let runtime = build(&store).await.unwrap();
        assert_eq!(told(&runtime).await, [TRYING]);
        assert_eq!(state(&runtime, workers[0]).await, LOST);
        assert_eq!(state(&runtime, workers[1]).await, OPEN);
        runtime.handle(SendInput::new(workers[2], "go on")).await.unwrap();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!((state(&runtime, workers[1]).await, told(&runtime).await.len()), (OPEN, 1));
        store.refused.lock().unwrap().clear();
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(state(&runtime, workers[1]).await, LOST);
        runtime.handle(SendInput::new(workers[1], "go on")).await.unwrap();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(state(&runtime, workers[1]).await.0, WorkerState::Running, "the next turn");
    });
}

#[test]
fn an_open_turn_whose_end_is_unknown_is_settled_first() {
    bounded(async {
        let (store, workers) = with_open_turns(2).await;
        store.unknown.lock().unwrap().insert(workers[0].worker_id);
        let runtime = build(&store).await.unwrap();
        assert_eq!(state(&runtime, workers[0]).await, OPEN);
        store.unknown.lock().unwrap().clear();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(state(&runtime, workers[0]).await, LOST);
        assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().store.pending, 0);
    });
}

#[test]
fn a_command_may_end_a_turn_that_was_left_open() {
    bounded(async {
        let (store, workers) = with_open_turns(1).await;
        store.refused.lock().unwrap().insert(workers[0].worker_id);
        let runtime = build(&store).await.unwrap();
        store.refused.lock().unwrap().clear();
        runtime.handle(CancelTurn::new(workers[0])).await.unwrap();
        runtime.handle(SendInput::new(workers[0], "go on")).await.unwrap();
        tokio::time::sleep(Duration::from_mins(1)).await;
        let now = state(&runtime, workers[0]).await;
        assert_eq!(now, (WorkerState::Running, Some(TurnOutcome::Cancelled)));
    });
}

#[test]
fn a_runtime_with_a_turn_that_stays_open_stops() {
    bounded(async {
        let (store, workers) = with_open_turns(1).await;
        store.refused.lock().unwrap().insert(workers[0].worker_id);
        let runtime = build(&store).await.unwrap();
        runtime.handle(StopRuntime::new().deadline(Duration::from_secs(1))).await.unwrap();
        runtime.wait_stopped(Duration::from_secs(5)).await.unwrap();
        store.refused.lock().unwrap().clear();
        let next = build(&store).await.unwrap();
        assert_eq!(state(&next, workers[0]).await, LOST);
    });
}

#[test]
fn a_build_whose_lease_is_lost_fails() {
    bounded(async {
        let (store, _) = with_open_turns(2).await;
        *store.lost.lock().unwrap() = true;
        let built = build(&store).await;
        assert!(matches!(built, Err(BuildError::StoreFailed(_))), "{built:?}");
    });
}

#[test]
fn open_turns_are_ended_many_at_once() {
    bounded(async {
        let (store, workers) = with_open_turns(1100).await;
        *store.is_late.lock().unwrap() = true;
        let begun = tokio::time::Instant::now();
        let runtime = build(&store).await.unwrap();
        assert_eq!(store.most.load(Ordering::SeqCst), 512);
        assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
        for worker in workers {
            assert_eq!(state(&runtime, worker).await, LOST);
        }
    });
}
