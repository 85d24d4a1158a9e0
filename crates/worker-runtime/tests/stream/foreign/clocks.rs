//! A clock that panics or blocks costs the requests that ask for the time, and nothing that goes on by
//! itself.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider};
use worker_runtime::{
    Clock, EventsFrom, Profile, Runtime, RuntimeError, Scope, StreamItem, Subscribe, SystemClock,
    WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, StopWorker, StopWorkers},
    event::EventType,
    model::{RuntimeState, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetTurn, GetWorker, ListDiagnostics, ReadEvents},
    store::{EventPage, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper},
};

use super::{SOON, gate::rename, soon};
use crate::wrapper::Answer;

/// A clock that panics while the test says so.
#[derive(Default)]
struct Moody(AtomicBool);

impl Moody {
    fn panics(&self, panics: bool) {
        self.0.store(panics, Ordering::SeqCst);
    }
}

impl Clock for Moody {
    fn now_ms(&self) -> u64 {
        assert!(!self.0.load(Ordering::SeqCst), "a clock panics");
        SystemClock.now_ms()
    }
}

async fn on(provider: ScriptedProvider) -> (Runtime, Arc<Moody>, WorkerRef) {
    let clock = Arc::new(Moody::default());
    let runtime = Runtime::builder()
        .profile(Profile::new("scripted", Arc::new(provider)))
        .clock(Arc::clone(&clock) as _)
        .build()
        .await
        .unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    (runtime, clock, worker)
}

#[tokio::test(start_paused = true)]
async fn a_retry_and_a_shortened_history_go_on() {
    let pause = Duration::from_millis(10);
    let failing = |kind| Script::new().delay(pause).error(EngineError::new(kind, "no"));
    let provider = ScriptedProvider::new()
        .script(Script::new().text("before").finish())
        .script(failing(ErrorKind::Overloaded))
        .script(failing(ErrorKind::ContextLengthExceeded))
        .script(Script::new().delay(pause).text("at last").finish());
    let (runtime, clock, worker) = on(provider).await;
    let first = runtime.handle(SendInput::new(worker, "one")).await.unwrap().receipt;
    runtime.wait_turn(first, Duration::from_mins(1)).await.unwrap();
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    let receipt = runtime.handle(SendInput::new(worker, "hello")).await.unwrap().receipt;
    clock.panics(true);
    let end = runtime.wait_turn(receipt, Duration::from_mins(10)).await.unwrap();
    assert_eq!(end.event_type(), EventType::TurnCompleted);
    let mut retries = 0;
    while let Some(Some(item)) = futures_util::FutureExt::now_or_never(stream.next()) {
        if let StreamItem::Event(item) = item {
            retries += usize::from(item.event.event_type() == EventType::TurnRetrying);
        }
    }
    assert_eq!(retries, 1);
    let noted = runtime.handle(ListDiagnostics::default()).await.unwrap().items;
    assert_eq!(noted.len(), 1, "the shortened history is told: {noted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_goes_on() {
    let (runtime, clock, worker) = on(ScriptedProvider::hanging()).await;
    let receipt = runtime.handle(SendInput::new(worker, "hello")).await.unwrap().receipt;
    let mut stream = runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap();
    let stop = StopRuntime::new().workers(StopWorkers::Stop).deadline(Duration::from_millis(100));
    runtime.handle(stop).await.unwrap();
    clock.panics(true);
    runtime.wait_stopped(Duration::from_secs(1)).await.unwrap();
    let turn = runtime.handle(GetTurn::new(worker, receipt.turn_id)).await.unwrap().turn;
    assert_eq!(turn.outcome, Some(TurnOutcome::Cancelled));
    let shown = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    assert_eq!(shown.state, WorkerState::Stopped);
    let mut last = None;
    while let Some(item) = soon(stream.next()).await {
        if let StreamItem::Event(item) = item {
            last = Some(item.event.event_type());
        }
    }
    assert_eq!(last, Some(EventType::RuntimeStopped));
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_asks_it_in_vain_has_changed_nothing() {
    let (runtime, clock, worker) = on(ScriptedProvider::hanging()).await;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    clock.panics(true);
    let refused = runtime.handle(StopRuntime::new().deadline(Duration::ZERO)).await;
    assert!(matches!(refused, Err(RuntimeError::Internal { .. })), "{refused:?}");
    let refused = runtime.handle(StopWorker::new(worker).deadline(Duration::ZERO)).await;
    assert!(matches!(refused, Err(RuntimeError::Internal { .. })), "{refused:?}");
    clock.panics(false);
    runtime.handle(StopRuntime::new()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    // Neither deadline counts, so that the turn still runs.
    let shown = runtime.handle(GetRuntime {}).await.unwrap().summary;
    assert_eq!((shown.state, shown.turns_in_flight), (RuntimeState::Stopping, 1));
    runtime.handle(StopRuntime::new().deadline(Duration::ZERO)).await.unwrap();
    runtime.wait_stopped(Duration::from_secs(1)).await.unwrap();
}

/// A store in memory that gives no events while the test says so.
#[derive(Default)]
struct Forgetful(Arc<MemoryStore>, AtomicBool);

impl StoreWrapper for Forgetful {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        if self.1.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::Unknown("forgotten".to_owned())));
        }
        Store::events(&*self.0, id, after, limit)
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_store_fails_goes_on() {
    let clock = Arc::new(Moody::default());
    let store = Arc::new(Forgetful::default());
    let builder = Runtime::builder().clock(Arc::clone(&clock) as _);
    let runtime = builder.store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let all = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let mut stream = runtime.subscribe(all).await.unwrap();
    clock.panics(true);
    store.1.store(true, Ordering::SeqCst);
    assert!(matches!(soon(stream.next()).await, Some(StreamItem::Gap { .. })));
    assert!(matches!(soon(stream.next()).await, Some(StreamItem::Synced { .. })));
    let noted = runtime.handle(ListDiagnostics::default()).await.unwrap().items;
    assert_eq!(noted.len(), 1, "{noted:?}");
}

/// A clock that blocks once the test says so, until the test ends, for whoever asks first.
#[derive(Default)]
struct Blocking(Mutex<Option<(Sender<()>, Receiver<()>)>>);

impl Clock for Blocking {
    fn now_ms(&self) -> u64 {
        let now_ms = SystemClock.now_ms();
        let blocks = self.0.lock().unwrap().take();
        if let Some((asked, go_on)) = blocks {
            asked.send(()).unwrap();
            // The sender is only ever dropped. The time is for a test that fails.
            let _ = go_on.recv_timeout(SOON);
        }
        now_ms
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_blocks_for_one_request_holds_up_no_other_of_the_same_worker() {
    let clock = Arc::new(Blocking::default());
    let runtime = Runtime::builder().clock(Arc::clone(&clock) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let ((tell, asked), (go_on, wait)) = (channel(), channel());
    *clock.0.lock().unwrap() = Some((tell, wait));
    let there = runtime.clone();
    let blocked = tokio::spawn(async move { there.handle(rename(worker, "blocked")).await });
    tokio::task::spawn_blocking(move || asked.recv()).await.unwrap().unwrap();
    let start = SystemClock.now_ms();
    while SystemClock.now_ms() == start {
        std::thread::yield_now();
    }
    let other = tokio::time::timeout(SOON / 4, runtime.handle(rename(worker, "other"))).await;
    drop(go_on);
    other.expect("the blocked clock holds nobody up").unwrap();
    blocked.await.unwrap().unwrap();
    // The one that was asked for first is committed last, and not at an earlier time.
    let events = runtime.handle(ReadEvents::new(Scope::worker(worker))).await.unwrap().items;
    assert!(events.is_sorted_by_key(|event| event.at_ms), "{events:?}");
    assert_eq!(events.len(), 3);
}
