//! A wait counts as a subscription while it lasts, however it ends.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use llm_engine::ScriptedProvider;
use worker_runtime::{
    Limits, Profile, Runtime, RuntimeError, Scope, Subscribe, WaitError,
    commands::{CreateWorker, SendInput},
};

use super::LONG;
use crate::hesitant::HesitantStore;

/// A Runtime that allows one subscription, with a turn that never ends.
async fn narrow() -> (Runtime, worker_runtime::model::InputReceipt) {
    let limits = Limits::default().subscriptions(1);
    let runtime = Runtime::builder()
        .profile(Profile::new("hanging", Arc::new(ScriptedProvider::hanging())))
        .store(Arc::new(HesitantStore::default()))
        .limits(limits)
        .build()
        .await
        .unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let receipt = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
    (runtime, receipt)
}

#[tokio::test(start_paused = true)]
async fn without_a_place_there_is_no_waiting() {
    let (runtime, receipt) = narrow().await;
    let taken = runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap();
    let full = RuntimeError::CapacityExhausted { what: "subscriptions".to_owned(), max: 1 };
    let refused = WaitError::Refused(full);
    assert_eq!(runtime.wait_turn(receipt, LONG).await, Err(refused.clone()));
    assert_eq!(runtime.wait_idle(receipt.worker, LONG).await, Err(refused));
    let short = Duration::from_secs(1);
    assert_eq!(runtime.wait_stopped(short).await, Err(WaitError::TimedOut), "it needs no place");
    drop(taken);
    assert_eq!(runtime.wait_turn(receipt, short).await, Err(WaitError::TimedOut));
    assert_eq!(runtime.wait_idle(receipt.worker, short).await, Err(WaitError::TimedOut));
    assert_eq!(runtime.wait_stopped(short).await, Err(WaitError::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_dropped_anywhere_gives_its_place_back() {
    let (runtime, receipt) = narrow().await;
    // The store hesitates differently each time, so that the future is dropped at every await point.
    for polls in 0..120 {
        let polls = polls % 12;
        abandon(runtime.wait_turn(receipt, LONG), polls).await;
        abandon(runtime.wait_idle(receipt.worker, LONG), polls).await;
        abandon(runtime.wait_stopped(LONG), polls).await;
        let subscribe = Subscribe::new(Scope::worker(receipt.worker));
        drop(runtime.subscribe(subscribe).await.expect("the place is free"));
    }
}

/// Polls a future that must stay pending, and drops it.
pub(crate) async fn abandon<F: Future>(future: F, polls: usize) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        assert!(future.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}
