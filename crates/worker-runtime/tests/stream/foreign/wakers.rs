//! Wakers that panic, block, or call the Runtime when they are dropped.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt};
use llm_engine::ScriptedProvider;
use worker_runtime::{
    EventsFrom, Profile, Runtime, Scope, Subscribe, Subscription, WorkerRef,
    commands::{CreateWorker, SendInput},
    event::EventType,
    model::StreamItem,
    queries::{GetTurn, GetWorker, ReadEvents},
};

use super::{
    SOON,
    gate::{gated, rename},
    soon,
};

/// A waker that panics.
#[derive(Default)]
struct Panicking(AtomicU64);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a waker panics");
    }
}

impl Panicking {
    async fn was_woken(&self) {
        soon(async {
            while self.0.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

/// A waker that blocks until the test ends.
struct Blocking {
    reached: mpsc::Sender<()>,
    goes_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Wake for Blocking {
    fn wake(self: Arc<Self>) {
        let _ = self.reached.send(());
        let _ = self.goes_on.lock().unwrap().recv();
    }
}

fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

async fn synced(runtime: &Runtime, worker: WorkerRef) -> Subscription {
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    assert!(matches!(stream.next().await, Some(StreamItem::Synced { .. })));
    stream
}

async fn reads_to_the_end_of_a_turn(mut stream: Subscription) {
    loop {
        if let Some(StreamItem::Event(item)) = stream.next().await
            && item.event.event_type() == EventType::TurnCompleted
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_panics_when_a_command_is_its_turn_costs_that_command_nothing() {
    let (runtime, store, worker) = gated().await;
    store.close();
    let mut first = Box::pin(runtime.handle(rename(worker, "first")));
    assert!(first.as_mut().now_or_never().is_none());
    let panicking = Arc::new(Panicking::default());
    let waker = Waker::from(Arc::clone(&panicking));
    let mut second = Box::pin(runtime.handle(rename(worker, "second")));
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    store.open();
    soon(first).await.unwrap();
    soon(runtime.handle(rename(worker, "third"))).await.unwrap();
    panicking.was_woken().await;
    soon(second).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ones_that_panic_when_a_time_is_up_cost_nobody_else_anything() {
    let runtime = Runtime::builder().build().await.unwrap();
    let waiting = || {
        let from = Some(EventsFrom::now());
        let read = ReadEvents { from, ..ReadEvents::new(Scope::runtime()) };
        // Longer than a thread is ever kept from its work within one poll.
        Box::pin(runtime.handle(read.wait(Duration::from_millis(500))))
    };
    for _ in 0..4 {
        let panicking = Arc::new(Panicking::default());
        let mut wait = waiting();
        assert!(poll_with(wait.as_mut(), &Waker::from(Arc::clone(&panicking))).is_pending());
        panicking.was_woken().await;
        assert!(soon(wait).await.unwrap().items.is_empty());
    }
    soon(waiting()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_that_block_hold_up_neither_publishers_nor_readers() {
    let runtime = Runtime::builder().build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let ((reached, is_reached), mut ends) = (mpsc::channel(), Vec::new());
    let mut parked = Vec::new();
    // More of them than the tokio runtime has threads.
    for _ in 0..5 {
        let mut stream = synced(&runtime, worker).await;
        let (end, goes_on) = mpsc::channel();
        let goes_on = std::sync::Mutex::new(goes_on);
        let waker = Waker::from(Arc::new(Blocking { reached: reached.clone(), goes_on }));
        assert!(stream.poll_next_unpin(&mut Context::from_waker(&waker)).is_pending());
        parked.push(stream);
        ends.push(end);
    }
    let mut readers = Vec::new();
    for _ in 0..20 {
        let stream = synced(&runtime, worker).await;
        readers.push(tokio::spawn(reads_to_the_end_of_a_turn(stream)));
    }
    tokio::task::yield_now().await;
    let receipt = soon(runtime.handle(SendInput::new(worker, "hello"))).await.unwrap().receipt;
    for reader in readers {
        soon(reader).await.unwrap();
    }
    soon(runtime.wait_turn(receipt, SOON)).await.unwrap();
    is_reached.recv_timeout(SOON).expect("the waker blocks");
    soon(runtime.handle(SendInput::new(worker, "again"))).await.unwrap();
    drop(ends);
}

#[test]
fn readers_are_woken_though_the_backend_uses_all_threads_for_blocking_work() {
    let mut tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = tokio.worker_threads(1).max_blocking_threads(1).enable_time().build().unwrap();
    let (done, is_done) = mpsc::channel::<()>();
    tokio.spawn_blocking(move || is_done.recv());
    tokio.block_on(async {
        let runtime = Runtime::builder().build().await.unwrap();
        let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
        let stream = synced(&runtime, worker).await;
        let reader = tokio::spawn(reads_to_the_end_of_a_turn(stream));
        tokio::task::yield_now().await;
        let sent = soon(runtime.handle(SendInput::new(worker, "hello"))).await.unwrap();
        soon(reader).await.unwrap();
        soon(runtime.wait_turn(sent.receipt, SOON)).await.unwrap();
    });
    drop(done);
}

/// A waker that asks the Runtime when its last clone is dropped.
struct Asking(Runtime, WorkerRef);

impl Wake for Asking {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Asking {
    fn drop(&mut self) {
        let get = GetWorker { worker: self.1 };
        self.0.handle(get).now_or_never().expect("no lock is held").unwrap();
        let read = ReadEvents::new(Scope::runtime());
        self.0.handle(read).now_or_never().expect("no lock is held").unwrap();
    }
}

#[tokio::test]
async fn ones_that_are_replaced_are_dropped_outside_the_locks() {
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    let runtime = Runtime::builder().profile(hanging).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let receipt = runtime.handle(SendInput::new(worker, "hello")).await.unwrap().receipt;
    let asking = || Waker::from(Arc::new(Asking(runtime.clone(), worker)));
    let (done, is_done) = mpsc::channel();
    let mut streams = Vec::new();
    for scope in [Scope::worker(worker), Scope::runtime()] {
        let subscribe = Subscribe::new(scope);
        let mut stream = runtime.subscribe(subscribe).await.unwrap();
        while stream.next().now_or_never().is_some() {}
        streams.push(stream);
    }
    let there = runtime.clone();
    let wakers: Vec<_> = std::iter::repeat_with(asking).take(12).collect();
    // On a thread of its own, because a deadlock would be the end of the test otherwise.
    thread::spawn(move || {
        let get = GetTurn::new(worker, receipt.turn_id).wait(Duration::from_mins(1));
        let mut wait = Box::pin(there.handle(get));
        for waker in wakers {
            for stream in &mut streams {
                let _ = stream.poll_next_unpin(&mut Context::from_waker(&waker));
            }
            assert!(poll_with(wait.as_mut(), &waker).is_pending());
        }
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(SOON).is_ok(), "a waker is dropped under a lock");
}
