//! The order of what a commit does, with changes that a test stops on their way.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use llm_engine::ScriptedProvider;
use tokio::{task::JoinHandle, time::timeout};
use worker_runtime::{
    EventsFrom, Limits, Profile, Runtime, RuntimeBuilder, RuntimeError, Scope, Station, StreamItem,
    Subscribe, Subscription, WorkerId, WorkerRef,
    commands::{
        CancelTurn, CreateWorker, DeleteWorker, SendInput, StopRuntime, StopWorker, UpdateWorker,
    },
    event::EventType,
    model::{Access, Input, ScopeClaim},
};

use crate::support::{SteppedStore, Verdict};

/// Stops whoever first passes a station.
#[derive(Clone, Default)]
struct Barrier(Arc<Mutex<Option<Armed>>>);

/// The station and the Worker, the sender that tells that it was passed, and the receiver that waits.
type Armed = (Station, WorkerId, Sender<()>, Receiver<()>);

/// A change or a reader that a barrier stops. It goes on when this is dropped.
struct Stopped {
    arrived: Option<Receiver<()>>,
    _go_on: Sender<()>,
}

impl Barrier {
    fn pass(&self, station: Station, worker_id: WorkerId) {
        let armed = self.0.lock().unwrap().take_if(|it| (it.0, it.1) == (station, worker_id));
        if let Some((_, _, arrived, go_on)) = armed {
            arrived.send(()).unwrap();
            // The sender is only ever dropped. The time is for a test that fails.
            let _ = go_on.recv_timeout(Duration::from_secs(20));
        }
    }

    /// Stops whoever next passes the station for this Worker.
    fn stop(&self, station: Station, worker: WorkerRef) -> Stopped {
        let ((tell, arrived), (go_on, wait)) = (channel(), channel());
        *self.0.lock().unwrap() = Some((station, worker.worker_id, tell, wait));
        Stopped { arrived: Some(arrived), _go_on: go_on }
    }
}

impl Stopped {
    /// Waits until the station is passed.
    async fn arrived(&mut self) {
        let arrived = self.arrived.take().unwrap();
        let waited = move || arrived.recv_timeout(Duration::from_secs(20));
        tokio::task::spawn_blocking(waited).await.unwrap().expect("the station is passed");
    }
}

fn builder(barrier: &Barrier) -> RuntimeBuilder {
    let barrier = barrier.clone();
    let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
    Runtime::builder()
        .profile(hanging)
        .stations(move |station, worker_id| barrier.pass(station, worker_id))
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(15), future).await.expect("it does not take long")
}

async fn create(runtime: &Runtime, create: CreateWorker) -> WorkerRef {
    runtime.handle(create).await.unwrap().detail.worker
}

async fn saw(stream: &mut Subscription, wanted: EventType) {
    while let Some(item) = stream.next().await {
        if let StreamItem::Event(item) = item
            && item.event.event_type() == wanted
        {
            return;
        }
    }
    panic!("the stream ended before {wanted:?}");
}

async fn everything(runtime: &Runtime) -> Subscription {
    runtime.subscribe(Subscribe::new(Scope::runtime())).await.unwrap()
}

const AFTER: [Station; 2] = [Station::Released, Station::Woken];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_sees_that_a_turn_has_ended_finds_its_room_free() {
    for station in AFTER {
        let barrier = Barrier::default();
        let runtime =
            builder(&barrier).limits(Limits::default().turns_in_flight(1)).build().await.unwrap();
        let busy = create(&runtime, CreateWorker::new().initial_input(Input::user("hello"))).await;
        let idle = create(&runtime, CreateWorker::new()).await;
        let mut events = everything(&runtime).await;
        let mut stopped = barrier.stop(station, busy);
        let there = runtime.clone();
        let cancel = tokio::spawn(async move { there.handle(CancelTurn::new(busy)).await });
        stopped.arrived().await;
        soon(saw(&mut events, EventType::TurnCancelled)).await;
        let sent = soon(runtime.handle(SendInput::new(idle, "hello"))).await;
        drop(stopped);
        sent.expect("there is room for a turn");
        cancel.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_sees_that_a_worker_has_ended_finds_its_claims_free() {
    for station in AFTER {
        let barrier = Barrier::default();
        let runtime = builder(&barrier).build().await.unwrap();
        let claim = || {
            let claim = ScopeClaim { resource: "sea".to_owned(), access: Access::Exclusive };
            CreateWorker::new().scope_claims(vec![claim])
        };
        let holder = create(&runtime, claim()).await;
        let mut events = everything(&runtime).await;
        let mut stopped = barrier.stop(station, holder);
        let there = runtime.clone();
        let stop = tokio::spawn(async move { there.handle(StopWorker::new(holder)).await });
        stopped.arrived().await;
        soon(saw(&mut events, EventType::WorkerStateChanged)).await;
        let created = soon(runtime.handle(claim())).await;
        drop(stopped);
        created.expect("the claim is free");
        stop.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_sees_that_a_worker_was_deleted_finds_its_place_free() {
    for station in AFTER {
        let barrier = Barrier::default();
        let runtime = builder(&barrier).limits(Limits::default().workers(1)).build().await.unwrap();
        let worker = create(&runtime, CreateWorker::new()).await;
        runtime.handle(StopWorker::new(worker)).await.unwrap();
        let mut events = everything(&runtime).await;
        let mut stopped = barrier.stop(station, worker);
        let there = runtime.clone();
        let delete = tokio::spawn(async move { there.handle(DeleteWorker::new(worker)).await });
        stopped.arrived().await;
        soon(saw(&mut events, EventType::WorkerDeleted)).await;
        let created = soon(runtime.handle(CreateWorker::new())).await;
        drop(stopped);
        created.expect("the place is free");
        delete.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_sees_an_event_before_its_room_is_free() {
    let barrier = Barrier::default();
    let runtime = builder(&barrier).build().await.unwrap();
    let worker = create(&runtime, CreateWorker::new().initial_input(Input::user("hello"))).await;
    let mut stopped = barrier.stop(Station::Published, worker);
    let there = runtime.clone();
    let cancel = tokio::spawn(async move { there.handle(CancelTurn::new(worker)).await });
    stopped.arrived().await;
    // The reader waits for the lock that the change holds, so it is on a thread of its own.
    let there = runtime.clone();
    let reader: JoinHandle<()> = tokio::spawn(async move {
        let from_oldest = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::oldest());
        saw(&mut there.subscribe(from_oldest).await.unwrap(), EventType::TurnCancelled).await;
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!reader.is_finished());
    drop(stopped);
    soon(reader).await.unwrap();
    cancel.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_does_not_end_without_what_was_published_while_it_looked() {
    let barrier = Barrier::default();
    let runtime = builder(&barrier).build().await.unwrap();
    let worker = create(&runtime, CreateWorker::new().initial_input(Input::user("hello"))).await;
    let mut stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    let mut stopped = barrier.stop(Station::Read, worker);
    let reader = tokio::spawn(async move {
        let mut types = Vec::new();
        while let Some(item) = stream.next().await {
            if let StreamItem::Event(item) = item {
                types.push(item.event.event_type());
            }
        }
        types
    });
    stopped.arrived().await;
    let stop = StopRuntime::new().deadline(Duration::ZERO);
    runtime.handle(stop).await.unwrap();
    runtime.wait_stopped(Duration::from_secs(15)).await.unwrap();
    drop(stopped);
    let types = soon(reader).await.unwrap();
    assert!(types.contains(&EventType::TurnCancelled), "{types:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_changes_that_the_store_still_commits() {
    for deletes in [true, false] {
        let store = SteppedStore::new(Arc::default());
        let runtime = Runtime::builder().store(store.as_store()).build().await.unwrap();
        let worker = create(&runtime, CreateWorker::new()).await;
        let other = create(&runtime, CreateWorker::new()).await;
        runtime.handle(StopWorker::new(worker)).await.unwrap();
        runtime.handle(StopWorker::new(other)).await.unwrap();
        let mut events = everything(&runtime).await;
        let commits = store.commits();
        store.next([Verdict::Held]);
        let there = runtime.clone();
        let change = tokio::spawn(async move {
            if deletes {
                there.handle(DeleteWorker::new(worker)).await.map(drop)
            } else {
                there.handle(UpdateWorker::new(worker).display_name("name")).await.map(drop)
            }
        });
        while store.commits() == commits {
            tokio::task::yield_now().await;
        }
        runtime.handle(StopRuntime::new()).await.unwrap();
        let early = runtime.wait_stopped(Duration::from_secs(5)).await;
        assert!(early.is_err(), "the Runtime has stopped before the change was committed");
        let late = runtime.handle(UpdateWorker::new(other).display_name("late")).await;
        assert_eq!(late, Err(RuntimeError::RuntimeStopping {}), "it is stopping until it says");
        store.release_one();
        soon(change).await.unwrap().expect("the change is published");
        runtime.wait_stopped(Duration::from_secs(5)).await.unwrap();
        let told = if deletes { EventType::WorkerDeleted } else { EventType::WorkerUpdated };
        saw(&mut events, told).await;
        saw(&mut events, EventType::RuntimeStopped).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_is_committed_and_not_applied_is_waited_for() {
    let barrier = Barrier::default();
    let runtime = builder(&barrier).build().await.unwrap();
    let worker = create(&runtime, CreateWorker::new()).await;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    let mut events = everything(&runtime).await;
    let mut stopped = barrier.stop(Station::Committed, worker);
    let there = runtime.clone();
    let delete = tokio::spawn(async move { there.handle(DeleteWorker::new(worker)).await });
    stopped.arrived().await;
    runtime.handle(StopRuntime::new()).await.unwrap();
    soon(saw(&mut events, EventType::RuntimeStopping)).await;
    assert!(runtime.wait_stopped(Duration::from_millis(100)).await.is_err());
    drop(stopped);
    soon(delete).await.unwrap().unwrap();
    soon(saw(&mut events, EventType::WorkerDeleted)).await;
    soon(saw(&mut events, EventType::RuntimeStopped)).await;
}
