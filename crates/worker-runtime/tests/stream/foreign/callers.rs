//! Callers who go away, or stay and do nothing, have no part in anybody else's commands.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use worker_runtime::{
    Runtime, WorkerId,
    commands::{CreateWorker, SendInput, StopRuntime},
    queries::GetTranscript,
    store::{MemoryStore, Store, StoreFuture, StoreWrapper, StoredEntry},
};

use super::{
    gate::{gated, name, rename},
    soon,
};
use crate::wrapper::Answer;

#[tokio::test]
async fn one_that_is_never_polled_again_owns_nothing() {
    let (runtime, store, worker) = gated().await;
    store.close();
    let mut first = Box::pin(runtime.handle(rename(worker, "first")));
    assert!(first.as_mut().now_or_never().is_none());
    let mut idle = Box::pin(runtime.handle(rename(worker, "idle")));
    assert!(idle.as_mut().now_or_never().is_none());
    let mut forgotten = Box::pin(runtime.handle(rename(worker, "forgotten")));
    assert!(forgotten.as_mut().now_or_never().is_none());
    std::mem::forget(forgotten);
    store.open();
    soon(first).await.unwrap();
    soon(runtime.handle(rename(worker, "last"))).await.unwrap();
    assert_eq!(name(&runtime, worker).await, "last");
    assert_eq!(store.commits(), 5, "the creation and four updates");
    // The command of the idle caller is long done.
    assert_eq!(idle.await.unwrap().detail.display_name.to_string(), "idle");
    runtime.handle(StopRuntime::new()).await.unwrap();
    soon(runtime.wait_stopped(super::SOON)).await.unwrap();
}

#[tokio::test]
async fn one_that_is_dropped_in_the_queue_has_done_nothing() {
    let (runtime, store, worker) = gated().await;
    store.close();
    let mut first = Box::pin(runtime.handle(rename(worker, "first")));
    assert!(first.as_mut().now_or_never().is_none());
    for _ in 0..1000 {
        assert!(runtime.handle(rename(worker, "dropped")).now_or_never().is_none());
    }
    let mut last = Box::pin(runtime.handle(SendInput::new(worker, "hello")));
    assert!(last.as_mut().now_or_never().is_none());
    store.open();
    let (first, last) = soon(async { tokio::join!(first, last) }).await;
    first.unwrap();
    last.unwrap();
    assert_eq!(name(&runtime, worker).await, "first");
    soon(runtime.wait_idle(worker, super::SOON)).await.unwrap();
    assert_eq!(store.commits(), 4, "the creation, the update, and the two ends of the turn");
}

#[tokio::test]
async fn commands_take_effect_in_the_order_of_their_first_polls() {
    let (runtime, store, worker) = gated().await;
    store.close();
    let mut updates: Vec<_> = (0..100)
        .map(|number| Box::pin(runtime.handle(rename(worker, format!("name {number}")))))
        .collect();
    for update in &mut updates {
        assert!(update.as_mut().now_or_never().is_none());
    }
    // The order in which they are polled later does not matter.
    updates.reverse();
    store.open();
    for (place, updated) in soon(join_all(updates)).await.into_iter().enumerate() {
        let shown = updated.unwrap().detail;
        assert_eq!(shown.display_name.to_string(), format!("name {}", 99 - place));
    }
    assert_eq!(name(&runtime, worker).await, "name 99");
}

#[test]
fn jobs_end_with_the_tokio_runtime_that_they_need() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let (runtime, store, worker) = tokio.block_on(gated());
    store.close();
    let mut updates: Vec<_> =
        (0..10_000).map(|_| Box::pin(runtime.handle(rename(worker, "other")))).collect();
    for update in &mut updates {
        assert!(update.as_mut().now_or_never().is_none());
    }
    drop(tokio);
    for update in updates {
        assert!(update.now_or_never().expect("it is answered").is_err());
    }
}

/// A store in memory that has one connection for its reads.
#[derive(Default)]
struct OneConnection {
    inner: Arc<MemoryStore>,
    connection: Arc<tokio::sync::Mutex<()>>,
}

impl StoreWrapper for OneConnection {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        let (inner, connection) = (Arc::clone(&self.inner), Arc::clone(&self.connection));
        StoreFuture::pending(async move {
            let _held = connection.lock().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            Store::entries(&*inner, id, first, limit).await
        })
    }
}

#[tokio::test]
async fn one_that_stops_in_the_middle_of_a_read_keeps_nothing_of_the_store() {
    let store = Arc::new(OneConnection::default());
    let runtime = Runtime::builder().store(store).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    soon(runtime.wait_turn(sent.receipt, super::SOON)).await.unwrap();
    let mut idle = Box::pin(runtime.handle(GetTranscript::new(worker)));
    assert!(idle.as_mut().now_or_never().is_none());
    soon(runtime.handle(GetTranscript::new(worker))).await.unwrap();
    soon(idle).await.unwrap();
}
