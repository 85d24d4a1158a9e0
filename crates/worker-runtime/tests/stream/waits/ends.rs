//! Other ends of a wait: a deletion, a stop, a lost store, a gap.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use llm_engine::ScriptedProvider;
use worker_runtime::{
    Limits, Profile, Runtime, RuntimeBuilder, RuntimeError, WaitError, WorkerRef,
    commands::{
        CancelTurn, CancelWorker, CreateWorker, DeleteWorker, SendInput, StopRuntime, StopWorker,
        StopWorkers, UpdateWorker,
    },
    event::EventType,
    model::{InputReceipt, WorkerState},
    store::{Lease, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper},
};

use super::LONG;
use crate::{hesitant::HesitantStore, wrapper::Answer};

const GONE: WaitError = WaitError::Refused(RuntimeError::WorkerNotFound {});

fn hanging() -> RuntimeBuilder {
    Runtime::builder().profile(Profile::new("hanging", Arc::new(ScriptedProvider::hanging())))
}

/// A Worker whose turn runs until a command ends it.
async fn running(runtime: &Runtime) -> (WorkerRef, InputReceipt) {
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    (worker, runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt)
}

/// Waits for the turn's end and for the idle Worker, both from before and from after `something`. Returns the
/// results of the early and of the late waits.
async fn around<F: Future<Output = ()>>(
    runtime: &Runtime,
    (worker, receipt): (WorkerRef, InputReceipt),
    something: F,
) -> [(Result<EventType, WaitError>, Result<WorkerState, WaitError>); 2] {
    let wait =
        async || tokio::join!(runtime.wait_turn(receipt, LONG), runtime.wait_idle(worker, LONG));
    let mut early = Box::pin(wait());
    assert!(early.as_mut().now_or_never().is_none());
    something.await;
    [early.await, wait().await].map(|(end, rest)| (end.map(|event| event.event_type()), rest))
}

#[tokio::test(start_paused = true)]
async fn a_deletion_ends_them() {
    let runtime = hanging().build().await.unwrap();
    let waited = running(&runtime).await;
    let delete = async {
        runtime.handle(CancelWorker::new(waited.0)).await.unwrap();
        runtime.handle(DeleteWorker::new(waited.0)).await.unwrap();
    };
    let [early, late] = around(&runtime, waited, delete).await;
    assert_eq!(early, (Ok(EventType::TurnCancelled), Ok(WorkerState::Cancelled)));
    assert_eq!(late, (Err(GONE), Err(GONE)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_worker_ends_them() {
    let runtime = hanging().build().await.unwrap();
    for deadline_ms in [0, 20] {
        let waited = running(&runtime).await;
        let stop = async {
            let stop = StopWorker { deadline_ms: Some(deadline_ms), ..StopWorker::new(waited.0) };
            runtime.handle(stop).await.unwrap();
        };
        let stopped = (Ok(EventType::TurnCancelled), Ok(WorkerState::Stopped));
        let [early, late] = around(&runtime, waited, stop).await;
        assert_eq!((&early, &late), (&stopped, &stopped));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_runtime_ends_them() {
    let runtime = hanging().build().await.unwrap();
    let waited = running(&runtime).await;
    let stop = async {
        let deadline = Duration::from_millis(20);
        let stop = StopRuntime::new().workers(StopWorkers::Stop).deadline(deadline);
        let (stopped, begun) = tokio::join!(runtime.wait_stopped(LONG), runtime.handle(stop));
        begun.unwrap();
        stopped.unwrap();
    };
    let stopped = (Ok(EventType::TurnCancelled), Ok(WorkerState::Stopped));
    let [early, late] = around(&runtime, waited, stop).await;
    assert_eq!((&early, &late), (&stopped, &stopped));
    assert_eq!(runtime.wait_stopped(Duration::ZERO).await, Ok(()));
}

/// A store that another Runtime takes over.
#[derive(Default)]
struct TakenOver(Arc<MemoryStore>);

impl StoreWrapper for TakenOver {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn renew(&self, _: Lease, _: Duration) -> Answer<()> {
        StoreFuture::ready(Err(StoreError::LeaseLost))
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_store_ends_them() {
    let store = Arc::new(TakenOver::default());
    let runtime = hanging().store(store).build().await.unwrap();
    let waited = running(&runtime).await;
    let lose = async { runtime.wait_stopped(LONG).await.unwrap() };
    let [early, late] = around(&runtime, waited, lose).await;
    assert_eq!(early, (Err(WaitError::Ended), Err(WaitError::Ended)));
    assert_eq!(late, early);
}

/// Causes more events than are kept in memory and in the store.
async fn flood(runtime: &Runtime, worker: WorkerRef) {
    for round in 0..300 {
        let display_name = Some(format!("name {round}"));
        let update = UpdateWorker { display_name, ..UpdateWorker::new(worker) };
        runtime.handle(update).await.unwrap();
    }
}

async fn forgetful() -> Runtime {
    let limits = Limits::default().events_per_worker(5);
    hanging().limits(limits).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_end_that_fell_out_of_the_log_meanwhile_is_told_as_such() {
    let runtime = forgetful().await;
    let waited = running(&runtime).await;
    let happen = async {
        runtime.handle(CancelTurn::new(waited.0)).await.unwrap();
        flood(&runtime, waited.0).await;
    };
    let [early, late] = around(&runtime, waited, happen).await;
    assert_eq!(early, (Err(WaitError::Expired), Ok(WorkerState::Idle)));
    assert_eq!(late, early);
}

#[tokio::test(start_paused = true)]
async fn an_end_behind_a_gap_is_found() {
    let runtime = forgetful().await;
    let waited = running(&runtime).await;
    let happen = async {
        flood(&runtime, waited.0).await;
        runtime.handle(CancelTurn::new(waited.0)).await.unwrap();
    };
    let [early, late] = around(&runtime, waited, happen).await;
    assert_eq!(early, (Ok(EventType::TurnCancelled), Ok(WorkerState::Idle)));
    assert_eq!(late, early);
}

#[tokio::test(start_paused = true)]
async fn a_gap_while_nothing_has_ended_is_no_end() {
    let runtime = forgetful().await;
    let (worker, receipt) = running(&runtime).await;
    let short = Duration::from_secs(1);
    let mut end = Box::pin(runtime.wait_turn(receipt, short));
    let mut rest = Box::pin(runtime.wait_idle(worker, short));
    assert!(end.as_mut().now_or_never().is_none());
    assert!(rest.as_mut().now_or_never().is_none());
    flood(&runtime, worker).await;
    assert_eq!(end.await, Err(WaitError::TimedOut));
    assert_eq!(rest.await, Err(WaitError::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_behind_a_gap_ends_them() {
    let runtime = forgetful().await;
    let waited = running(&runtime).await;
    let delete = async {
        runtime.handle(CancelWorker::new(waited.0)).await.unwrap();
        flood(&runtime, waited.0).await;
        runtime.handle(DeleteWorker::new(waited.0)).await.unwrap();
    };
    let [early, late] = around(&runtime, waited, delete).await;
    assert_eq!(early, (Err(GONE), Err(WaitError::Ended)));
    assert_eq!(late, (Err(GONE), Err(GONE)));
}

#[tokio::test(start_paused = true)]
async fn an_end_at_any_await_point_is_found() {
    let store = Arc::new(HesitantStore::default());
    let runtime = hanging().store(store).build().await.unwrap();
    // The store hesitates differently each time, so that the turn ends at every await point of the wait.
    for polls in 0..120 {
        let (worker, receipt) = running(&runtime).await;
        let mut end = Box::pin(runtime.wait_turn(receipt, LONG));
        for _ in 0..polls % 12 {
            assert!(end.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        runtime.handle(CancelTurn::new(worker)).await.unwrap();
        assert_eq!(end.await.unwrap().event_type(), EventType::TurnCancelled);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_comes_while_it_is_looked_for_is_found() {
    let runtime = Runtime::builder().build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for round in 0..300 {
        let receipt = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
        for _ in 0..round % 40 {
            std::hint::spin_loop();
        }
        let end = runtime.wait_turn(receipt, LONG).await.unwrap();
        assert_eq!(end.event_type(), EventType::TurnCompleted);
        assert_eq!(runtime.wait_idle(worker, LONG).await, Ok(WorkerState::Idle));
    }
}

/// Counts the reads of events, and the most that one of them asked for.
#[derive(Default)]
struct CountsReads(MemoryStore, std::sync::atomic::AtomicUsize);

impl StoreWrapper for CountsReads {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn events(
        &self,
        worker_id: worker_runtime::WorkerId,
        after: u64,
        limit: usize,
    ) -> Answer<worker_runtime::store::EventPage> {
        self.1.fetch_add(limit, std::sync::atomic::Ordering::Relaxed);
        self.0.events(worker_id, after, limit)
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_is_found_without_a_look_at_the_whole_log() {
    let store = Arc::new(CountsReads::default());
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let mut receipts = Vec::new();
    for _ in 0..150 {
        let receipt = runtime.handle(SendInput::new(worker, "a")).await.unwrap().receipt;
        runtime.wait_turn(receipt, LONG).await.unwrap();
        receipts.push(receipt);
    }
    let read = || store.1.swap(0, std::sync::atomic::Ordering::Relaxed);
    read();
    for (back, most) in [(1, 70), (20, 5 * 70), (140, 21 * 70)] {
        let receipt = receipts[receipts.len() - back];
        let end = runtime.wait_turn(receipt, LONG).await.unwrap();
        assert_eq!(end.turn_id, Some(receipt.turn_id));
        let read = read();
        assert!(read <= most, "{read} events were read for the turn number {back} from the end");
    }
}
