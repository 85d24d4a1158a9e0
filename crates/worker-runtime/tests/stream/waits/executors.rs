//! A Runtime can be called from threads outside tokio, and `build` names a missing tokio feature.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use llm_engine::ScriptedProvider;
use worker_runtime::{
    BuildError, EventsFrom, Profile, Runtime, RuntimeError, Scope, Subscribe, WaitError,
    commands::{CreateWorker, SendInput, StopRuntime},
    event::EventType,
    model::{Input, RuntimeState},
    queries::{GetRuntime, GetTurn, GetWorker, ReadEvents},
    store::MemoryStore,
};

use super::LONG;

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread, outside every tokio runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

#[test]
fn a_turn_is_waited_for_outside_tokio() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let runtime = tokio.block_on(Runtime::builder().build()).unwrap();
    let input = Some(Input::user("hello"));
    let create = CreateWorker { initial_input: input, ..CreateWorker::default() };
    let receipt = block_on(runtime.handle(create)).unwrap().receipt.unwrap();
    let end = block_on(runtime.wait_turn(receipt, LONG)).unwrap();
    assert_eq!(end.turn_id, Some(receipt.turn_id));
}

#[test]
fn requests_that_wait_are_answered_outside_tokio() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let runtime = tokio.block_on(hanging());
    let wait = Duration::from_millis(30);
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let receipt = block_on(runtime.handle(create)).unwrap().receipt.unwrap();
    let get = GetTurn::new(receipt.worker, receipt.turn_id).wait(wait);
    let shown = block_on(runtime.handle(get)).unwrap().turn;
    assert_eq!(shown.outcome, None);
    for scope in [Scope::runtime(), Scope::worker(receipt.worker)] {
        let read = ReadEvents::new(scope).starting_at(EventsFrom::now()).wait(wait);
        assert!(block_on(runtime.handle(read)).unwrap().items.is_empty());
    }
    assert_eq!(block_on(runtime.wait_turn(receipt, wait)), Err(WaitError::TimedOut));
    assert_eq!(block_on(runtime.wait_stopped(wait)), Err(WaitError::TimedOut));
    let stop = StopRuntime::new().deadline(wait);
    block_on(runtime.handle(stop)).unwrap();
    block_on(runtime.wait_stopped(LONG)).unwrap();
}

async fn hanging() -> Runtime {
    let provider = Arc::new(ScriptedProvider::hanging());
    Runtime::builder().profile(Profile::new("hanging", provider)).build().await.unwrap()
}

#[test]
fn a_runtime_whose_tokio_runtime_is_gone_has_stopped() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let store = Arc::new(MemoryStore::new());
    let build = Runtime::builder().store(Arc::clone(&store) as _).build();
    let runtime = tokio.block_on(build).unwrap();
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let receipt = block_on(runtime.handle(create)).unwrap().receipt.unwrap();
    let worker = receipt.worker;
    let mut stream = block_on(runtime.subscribe(Subscribe::new(Scope::worker(worker)))).unwrap();
    drop(tokio);
    let stopped = RuntimeError::RuntimeStopped {};
    let created = block_on(runtime.handle(CreateWorker::new()));
    assert_eq!(created.unwrap_err(), stopped);
    let sent = block_on(runtime.handle(SendInput::new(worker, "hello")));
    assert_eq!(sent.unwrap_err(), stopped);
    let stop = block_on(runtime.handle(StopRuntime::new())).unwrap();
    assert_eq!((stop.state, stop.already), (RuntimeState::Stopped, true));
    block_on(runtime.wait_stopped(LONG)).unwrap();
    while block_on(stream.next()).is_some() {}
    let shown = block_on(runtime.handle(GetRuntime {})).unwrap();
    assert_eq!(shown.summary.state, RuntimeState::Stopped);
    block_on(runtime.handle(GetWorker { worker })).unwrap();
    let get = GetTurn::new(worker, receipt.turn_id).wait(Duration::from_mins(1));
    block_on(runtime.handle(get)).unwrap();
    let read = ReadEvents::new(Scope::runtime())
        .starting_at(EventsFrom::now())
        .wait(Duration::from_mins(1));
    assert!(block_on(runtime.handle(read)).unwrap().items.is_empty());
    // The store is released, as far as it answers at once.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio.block_on(Runtime::builder().store(store).build()).unwrap();
}

#[test]
fn a_tokio_runtime_may_go_before_it_has_run_anything() {
    // Nobody drives this tokio runtime, so nothing that the build spawns is polled.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let runtime = {
        let _context = tokio.enter();
        block_on(Runtime::builder().build())
    };
    drop(tokio);
    let created = block_on(runtime.unwrap().handle(CreateWorker::new()));
    assert_eq!(created.unwrap_err(), RuntimeError::RuntimeStopped {});
}

#[test]
fn a_stop_ends_with_the_tokio_runtime() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let runtime = tokio.block_on(hanging());
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    block_on(runtime.handle(create)).unwrap();
    block_on(runtime.handle(StopRuntime::new())).unwrap();
    let waiting = runtime.clone();
    let stopped = thread::spawn(move || block_on(waiting.wait_stopped(LONG)));
    drop(tokio);
    stopped.join().unwrap().unwrap();
}

#[test]
fn a_tokio_runtime_that_has_shut_down_is_a_build_error() {
    let gone = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let handle = gone.handle().clone();
    drop(gone);
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let built = tokio.block_on(Runtime::builder().turn_runtime(handle.clone()).build());
    assert!(matches!(built, Err(BuildError::TokioGone)), "{built:?}");
    let _context = handle.enter();
    let built = block_on(Runtime::builder().build());
    assert!(matches!(built, Err(BuildError::TokioGone)), "{built:?}");
}

#[test]
fn a_turn_whose_tokio_runtime_is_gone_fails() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let turns = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let provider = Arc::new(ScriptedProvider::hanging());
    let profile = Profile::new("hanging", provider);
    let build = Runtime::builder().profile(profile).turn_runtime(turns.handle().clone()).build();
    let runtime = tokio.block_on(build).unwrap();
    let create = CreateWorker::new().initial_input(Input::user("hello"));
    let receipt = block_on(runtime.handle(create)).unwrap().receipt.unwrap();
    drop(turns);
    let end = block_on(runtime.wait_turn(receipt, LONG)).unwrap();
    assert_eq!(end.event_type(), EventType::TurnFailed);
    let again = SendInput::new(receipt.worker, "again");
    let again = block_on(runtime.handle(again)).unwrap().receipt;
    let end = block_on(runtime.wait_turn(again, LONG)).unwrap();
    assert_eq!(end.event_type(), EventType::TurnFailed);
}

#[test]
fn a_tokio_runtime_without_timers_is_a_build_error() {
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let built = bare.block_on(Runtime::builder().build());
    assert!(matches!(built, Err(BuildError::NoTimers)), "{built:?}");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let on_bare = Runtime::builder().turn_runtime(bare.handle().clone());
    let built = tokio.block_on(on_bare.build());
    assert!(matches!(built, Err(BuildError::NoTimers)), "{built:?}");
}
