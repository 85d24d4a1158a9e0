//! The tokio runtime that a Runtime was given: everything that is spawned, timed or woken goes
//! through here, so that callers need no tokio runtime of their own.

use std::{
    fmt,
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinSet},
    time::Instant,
};

use super::{
    Backoff, Foreign, Offering, Wakers,
    after::after,
    alarm::{Alarm, Timer},
    contained,
    offering::offer,
    relay::Relay,
    reply::reply,
    task_waker::is_of_task,
};

/// The tokio runtime for the tasks of a Runtime, with its clock, and the wakers of all that wait.
///
/// If the tokio runtime is gone, a task that is spawned is dropped at once, a time that is waited
/// for has come, and tasks are woken on the thread that asks for it.
#[derive(Clone)]
pub(crate) struct Executor(Arc<Parts>);

struct Parts {
    handle: Handle,
    alarm: Alarm,
    relay: Arc<Relay>,
}

impl Executor {
    pub(crate) fn new(handle: Handle) -> Self {
        let relay = Arc::new(Relay::new(&handle));
        Self(Arc::new(Parts { handle, alarm: Alarm::default(), relay }))
    }

    /// Spawns a task. The future must be dropped without harm at any time.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        spawn_on(&self.0.handle, task)
    }

    /// Runs a future in a task, and returns a future of its output. Dropping that ends the task. The
    /// output is `None` if the task panics, or if the executor is gone.
    ///
    /// A store's future runs like this, because a caller that polls the future itself could stop in
    /// the middle, and keep what the store holds meanwhile.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (tell, told) = reply(self);
        let task = AbortOnDrop(self.spawn(async move { tell.send(future.await) }));
        async move {
            let _task = task;
            told.await
        }
    }

    /// Spawns a task of a set, which ends with the set.
    pub(crate) fn spawn_in<T: Send + 'static>(
        &self,
        set: &mut JoinSet<T>,
        task: impl Future<Output = T> + Send + 'static,
    ) -> AbortHandle {
        let task = set.spawn_on(task, &self.0.handle);
        self.offer();
        task
    }

    /// Drops a value of foreign code elsewhere, because its `Drop` may block: on a thread for
    /// blocking work.
    pub(crate) fn discard(&self, value: impl Send + 'static) {
        let value = Foreign::new(value);
        // Tokio panics if the system gives it no thread.
        let _ = contained(|| drop(self.0.handle.spawn_blocking(move || drop(value))));
    }

    /// Wakes readers, of which there may be many, soon. The caller holds no lock.
    pub(crate) fn wake(&self, wakers: Wakers) {
        self.0.relay.wake(wakers);
    }

    /// Wakes tasks, each for itself. The caller holds no lock.
    ///
    /// Tasks of tokio's, as all tasks of the Runtime are, are woken here and now, so that they never
    /// wait for foreign wakers in the relay.
    pub(crate) fn wake_tasks(&self, wakers: impl IntoIterator<Item = Foreign<Waker>>) {
        let mut is_any_woken = false;
        let foreign = wakers.into_iter().filter_map(|waker| {
            let is_task = is_of_task(&waker);
            is_any_woken |= is_task;
            if is_task {
                waker.wake();
                return None;
            }
            Some(waker)
        });
        let foreign: Wakers = foreign.collect();
        if is_any_woken {
            self.offer();
        }
        self.wake(foreign);
    }

    /// Lets any thread run the task of the Runtime's that this thread has just woken.
    pub(crate) fn offer(&self) {
        offer(&self.0.handle);
    }

    /// Returns the waker that a foreign future is given, which a task polls. Whoever wakes the task
    /// by it may go on to block the thread.
    pub(crate) fn offering<'a>(&self, offering: &'a mut Offering, waker: &'a Waker) -> &'a Waker {
        offering.waker(&self.0.handle, waker)
    }

    /// Returns the time by the clock of the tokio runtime, which tests can pause.
    pub(crate) fn now(&self) -> Instant {
        let _context = self.0.handle.enter();
        Instant::now()
    }

    /// Returns the time after `duration` from now, or `None` if it is too far away.
    pub(crate) fn after(&self, duration: Duration) -> Option<Instant> {
        self.now().checked_add(duration)
    }

    /// Returns a future that is ready at the time `at`.
    pub(crate) fn timer(&self, at: Instant) -> Timer {
        Timer::new(self.clone(), at)
    }

    /// Sleeps for a while.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.timer(after(self.now(), duration)).await;
    }

    /// Sleeps through the next pause of `backoff`.
    pub(crate) async fn pause(&self, backoff: &mut Backoff) {
        if let Some(pause) = backoff.next() {
            self.sleep(pause).await;
        }
    }

    /// Waits for a future until the time `at`, or without end if that is `None`.
    pub(crate) async fn within<T>(
        &self,
        at: Option<Instant>,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let (mut future, mut timer) = (pin!(future), pin!(at.map(|at| self.timer(at))));
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            match timer.as_mut().as_pin_mut() {
                Some(timer) => timer.poll(context).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.0.alarm
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.relay.end();
    }
}

/// Spawns a task on a tokio runtime, where any free thread may run it.
pub(crate) fn spawn_on(
    handle: &Handle,
    task: impl Future<Output = ()> + Send + 'static,
) -> AbortHandle {
    let task = handle.spawn(task).abort_handle();
    offer(handle);
    task
}

/// A task that ends when this is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Executor")
    }
}

/// Returns whether a tokio runtime has shut down, so that it drops what it is given.
pub(crate) fn is_gone(handle: &Handle) -> bool {
    let mut probe = pin!(handle.spawn(async {}));
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    matches!(probe.as_mut().poll(context), Poll::Ready(Err(_)))
}
