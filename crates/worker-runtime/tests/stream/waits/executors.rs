//! A Runtime can be called from threads outside tokio, and `build` names a missing tokio feature.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
};

use worker_runtime::{BuildError, Runtime, commands::CreateWorker, model::Input};

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
fn a_tokio_runtime_without_timers_is_a_build_error() {
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let built = bare.block_on(Runtime::builder().build());
    assert!(matches!(built, Err(BuildError::NoTimers)), "{built:?}");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let on_bare = Runtime::builder().turn_runtime(bare.handle().clone());
    let built = tokio.block_on(on_bare.build());
    assert!(matches!(built, Err(BuildError::NoTimers)), "{built:?}");
}
