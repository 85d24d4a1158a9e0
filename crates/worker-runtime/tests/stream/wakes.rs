//! No wake-up is lost, and readers that are dropped leak nothing.

use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use worker_runtime::{
    Limits, Runtime, RuntimeError, Scope, StreamItem, Subscribe,
    commands::{CreateWorker, SendInput},
    event::EventType,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_readers_of_one_worker_all_see_every_turn() {
    const READERS: usize = 1024;
    const TURNS: usize = 20;
    let runtime = Runtime::builder().build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let mut readers = FuturesUnordered::new();
    for _ in 0..READERS {
        let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
        readers.push(tokio::spawn(async move {
            let mut ended = 0;
            while ended < TURNS {
                let item = stream.next().await.unwrap();
                assert!(!matches!(item, StreamItem::Gap { .. }));
                ended += usize::from(is_end(&item));
            }
        }));
    }
    for _ in 0..TURNS {
        let receipt = runtime.handle(SendInput::new(worker, "hello there")).await.unwrap().receipt;
        runtime.wait_turn(receipt, Duration::from_mins(1)).await.unwrap();
    }
    while let Some(done) = readers.next().await {
        done.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn many_readers_of_many_workers_cost_nothing_until_something_happens() {
    const MANY: usize = 100_000;
    // The wait takes one more subscription.
    let limits = Limits::default().subscriptions(MANY as u64 + 1);
    let runtime = Runtime::builder().limits(limits).build().await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..MANY {
        let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
        let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
        assert!(matches!(stream.next().await, Some(StreamItem::Synced { .. })));
        streams.push((worker, stream));
    }
    let woken = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    for (_, stream) in &mut streams {
        assert!(stream.poll_next_unpin(&mut context).is_pending());
    }
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(woken.get(), 0, "an idle reader is not woken");
    let (worker, stream) = &mut streams[MANY / 2];
    let receipt = runtime.handle(SendInput::new(*worker, "you")).await.unwrap().receipt;
    runtime.wait_turn(receipt, Duration::from_mins(1)).await.unwrap();
    assert!(woken.get() > 0, "the reader of that Worker is woken");
    assert!(woken.get() < 10, "and nobody else");
    while !matches!(stream.poll_next_unpin(&mut context), Poll::Ready(Some(item)) if is_end(&item))
    {
    }
}

#[tokio::test]
async fn a_dropped_stream_frees_its_place() {
    let limits = Limits::default().subscriptions(2);
    let runtime = Runtime::builder().limits(limits).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for round in 0..100 {
        let scope = if round % 2 == 0 { Scope::runtime() } else { Scope::worker(worker) };
        let mut first = runtime.subscribe(Subscribe::new(scope)).await.unwrap();
        let second = runtime.subscribe(Subscribe::new(scope)).await.unwrap();
        // One stream is dropped while it is parked, another before its first poll.
        assert!(first.next().now_or_never().is_some());
        assert!(first.next().now_or_never().is_none());
        let refused = runtime.subscribe(Subscribe::new(scope)).await.unwrap_err();
        let full = RuntimeError::CapacityExhausted { what: "subscriptions".to_owned(), max: 2 };
        assert_eq!(refused, full);
        drop((first, second));
    }
}

fn is_end(item: &StreamItem) -> bool {
    matches!(item, StreamItem::Event(shared) if shared.event.event_type() == EventType::TurnCompleted)
}

#[derive(Default)]
struct Counter(std::sync::atomic::AtomicUsize);

impl Counter {
    fn get(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
