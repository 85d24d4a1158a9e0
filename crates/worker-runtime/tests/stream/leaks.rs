//! A stream that is dropped at any await point leaks neither a subscription nor a log in memory.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use llm_engine::{Script, ScriptedProvider};
use worker_runtime::{
    EventsFrom, Limits, Profile, Runtime, RuntimeError, Scope, Subscribe, WorkerRef,
    commands::{CreateWorker, SendInput, UpdateWorker},
    queries::{GetWorker, ReadEvents},
};

use crate::hesitant::HesitantStore;

const PLACES: u64 = 3;

struct Watched {
    runtime: Runtime,
    store: Arc<HesitantStore>,
    worker: WorkerRef,
}

impl Watched {
    async fn new() -> Self {
        let pause = Duration::from_millis(2);
        let answer = Script::new().reasoning("hm").text("one").delay(pause).text("two").finish();
        let provider = ScriptedProvider::new().script(answer);
        let store = Arc::new(HesitantStore::default());
        let runtime = Runtime::builder()
            .profile(Profile::new("slow", Arc::new(provider)))
            .store(Arc::clone(&store) as _)
            .limits(Limits::default().subscriptions(PLACES))
            .build()
            .await
            .unwrap();
        let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
        Self { runtime, store, worker }
    }

    /// The number of reads of the store for a new event. It is lower if a log in memory has the event.
    async fn reads(&self, round: usize) -> u64 {
        let worker = self.worker;
        let cursor = self.runtime.handle(GetWorker { worker }).await.unwrap().cursor;
        let display_name = Some(format!("name {round}"));
        let update = UpdateWorker { display_name, ..UpdateWorker::new(worker) };
        self.runtime.handle(update).await.unwrap();
        let before = self.store.event_reads();
        let from = Some(EventsFrom::after(cursor));
        let read = ReadEvents { from, ..ReadEvents::new(Scope::worker(worker)) };
        assert_eq!(self.runtime.handle(read).await.unwrap().items.len(), 1);
        self.store.event_reads() - before
    }

    /// Takes all subscriptions of the limit, none of which may be in use.
    async fn check_places(&self) {
        let subscribe =
            async || self.runtime.subscribe(Subscribe::new(Scope::worker(self.worker))).await;
        let mut taken = Vec::new();
        for _ in 0..PLACES {
            taken.push(subscribe().await.expect("a place is free"));
        }
        let full =
            RuntimeError::CapacityExhausted { what: "subscriptions".to_owned(), max: PLACES };
        assert_eq!(subscribe().await.unwrap_err(), full);
    }
}

/// Polls a future at most `polls` times, or to its end.
async fn poll_some<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if let Some(output) = future.as_mut().now_or_never() {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_subscribe_or_a_stream_may_be_dropped_anywhere() {
    let watched = Watched::new().await;
    let long = Duration::from_mins(1);
    let unread = watched.reads(1000).await;
    let stream = watched.runtime.subscribe(Subscribe::new(Scope::worker(watched.worker))).await;
    assert!(watched.reads(1001).await < unread, "a reader keeps the log in memory");
    drop(stream);
    for round in 0..120 {
        let worker = watched.worker;
        if round % 3 == 0 {
            watched.runtime.handle(SendInput::new(worker, "go")).await.unwrap();
        }
        for scope in [Scope::worker(worker), Scope::runtime()] {
            let subscribe = Subscribe::new(scope).starting_at(EventsFrom::oldest());
            // The store hesitates differently each time, so that the future is dropped at every await point.
            let made = poll_some(watched.runtime.subscribe(subscribe.clone()), round % 8).await;
            drop(made);
            let mut stream = watched.runtime.subscribe(subscribe).await.unwrap();
            for _ in 0..round % 11 {
                poll_some(stream.next(), round % 5).await;
            }
        }
        watched.runtime.wait_idle(worker, long).await.unwrap();
        watched.check_places().await;
        assert_eq!(watched.reads(round).await, unread, "round {round}: the log has no reader");
    }
}
