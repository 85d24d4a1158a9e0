//! Tells the wakers of tokio's tasks from foreign ones.

use std::{
    cell::Cell,
    future::poll_fn,
    pin::pin,
    ptr,
    rc::Rc,
    sync::LazyLock,
    task::{Context, Poll, RawWakerVTable, Waker},
};

use tokio::task::LocalSet;

/// The functions that the wakers of all of tokio's tasks share, as the waker of a task shows them.
static OF_TASKS: LazyLock<Option<&'static RawWakerVTable>> = LazyLock::new(|| {
    let shown = Rc::new(Cell::new(None));
    let there = Rc::clone(&shown);
    let tasks = LocalSet::new();
    // A set of tasks needs no tokio runtime, and runs them in its own poll.
    let task = tasks.spawn_local(poll_fn(move |context| {
        there.set(Some(context.waker().vtable()));
        Poll::Ready(())
    }));
    let _ = pin!(tasks).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(task);
    shown.get()
});

/// Whether a waker is the one of a task of tokio's. Waking it only queues the task, so that it
/// neither panics nor blocks.
pub(super) fn is_of_task(waker: &Waker) -> bool {
    OF_TASKS.is_some_and(|of_tasks| ptr::eq(waker.vtable(), of_tasks))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Wake};

    use super::*;

    struct Foreign;

    impl Wake for Foreign {
        fn wake(self: Arc<Self>) {}
    }

    async fn is_trusted() -> bool {
        poll_fn(|context| Poll::Ready(is_of_task(context.waker()))).await
    }

    #[tokio::test]
    async fn those_of_tasks_are_told_from_others() {
        assert!(tokio::spawn(is_trusted()).await.unwrap());
        assert!(!is_of_task(&Waker::from(Arc::new(Foreign))));
        assert!(!is_of_task(Waker::noop()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn all_tokio_runtimes_have_the_same() {
        assert!(tokio::spawn(is_trusted()).await.unwrap());
    }
}
