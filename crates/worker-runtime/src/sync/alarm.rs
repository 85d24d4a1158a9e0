//! Wakes tasks at a time, without handing their wakers to tokio's timers.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{
    Executor, Foreign,
    fair::{Fair, fair},
};

/// The tasks that wait for a time. A waker that panics would end a thread of tokio's if tokio's
/// timers woke it; the alarm wakes foreign tasks through the relay.
///
/// A task of the executor sleeps until the earliest time. It exists only while somebody waits.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    times: Mutex<Times>,
    /// Notified if the task has to look before the time until which it sleeps.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Times {
    waiting: BTreeMap<Key, Foreign<Waker>>,
    next_number: u64,
    is_running: bool,
    /// Whether the executor is gone, so that no time will come.
    is_over: bool,
}

type Key = (Instant, u64);

/// A future that is ready at a time. If the executor is gone, it gives way once and is ready.
///
/// A task of an executor that is just shutting down would otherwise loop over times that have all
/// come, and hold the thread that the shutdown waits for.
#[derive(Debug)]
#[must_use = "a timer does nothing unless it is polled"]
pub(crate) struct Timer {
    executor: Executor,
    at: Instant,
    key: Option<Key>,
    over: Fair,
}

impl Timer {
    pub(super) fn new(executor: Executor, at: Instant) -> Self {
        Self { executor, at, key: None, over: fair() }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.executor.now() >= this.at {
            return Poll::Ready(());
        }
        // The waker is cloned before the lock is taken, and the one that it replaces is dropped
        // after that.
        let waker = Foreign::new(context.waker().clone());
        let mut times = this.executor.alarm().times.lock();
        if times.is_over {
            drop(times);
            return Pin::new(&mut this.over).poll(context);
        }
        let key = *this.key.get_or_insert_with(|| {
            times.next_number += 1;
            (this.at, times.next_number)
        });
        let replaced = times.waiting.insert(key, waker);
        let is_first = times.waiting.first_key_value().is_some_and(|(first, _)| *first == key);
        let is_running = std::mem::replace(&mut times.is_running, true);
        drop(times);
        drop(replaced);
        if !is_running {
            this.executor.spawn(ring(Guard(Some(this.executor.clone()))));
        } else if is_first {
            this.executor.alarm().changed.notify_one();
            this.executor.offer();
        }
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let alarm = self.executor.alarm();
        let mut times = alarm.times.lock();
        let waker = times.waiting.remove(&key);
        let is_last = times.is_running && times.waiting.is_empty();
        drop(times);
        drop(waker);
        if is_last {
            // The task ends, so that it keeps nothing until a time for which nobody waits.
            alarm.changed.notify_one();
            self.executor.offer();
        }
    }
}

impl Alarm {
    /// Takes the tasks whose time has come, and returns the next time. Without one, the task of the
    /// alarm is not running any more.
    fn due(&self, now: Instant) -> (BTreeMap<Key, Foreign<Waker>>, Option<Instant>) {
        let mut times = self.times.lock();
        let later = times.waiting.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut times.waiting, later);
        let next = times.waiting.first_key_value().map(|((at, _), _)| *at);
        times.is_running = next.is_some();
        drop(times);
        (due, next)
    }
}

/// Wakes tasks until nobody waits.
async fn ring(mut guard: Guard) {
    while let Some(executor) = &guard.0 {
        let (due, next) = executor.alarm().due(executor.now());
        executor.wake_tasks(due.into_values());
        match next {
            Some(next) => drop(timeout_at(next, executor.alarm().changed.notified()).await),
            None => guard.0 = None,
        }
    }
}

/// Notices that the executor is gone, because the task of the alarm is dropped before its end.
struct Guard(Option<Executor>);

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(executor) = &self.0 else { return };
        let mut times = executor.alarm().times.lock();
        times.is_over = true;
        let waiting = std::mem::take(&mut times.waiting);
        drop(times);
        executor.wake_tasks(waiting.into_values());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
        time::Duration,
    };

    use super::super::Executor;

    #[test]
    fn a_time_of_an_executor_that_is_gone_gives_way_once() {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let executor = Executor::new(tokio.handle().clone());
        let far = || executor.timer(executor.after(Duration::from_mins(1)).unwrap());
        let context = &mut Context::from_waker(Waker::noop());
        let mut before = pin!(far());
        assert_eq!(before.as_mut().poll(context), Poll::Pending);
        drop(tokio);
        for mut timer in [before, pin!(far())] {
            assert_eq!(timer.as_mut().poll(context), Poll::Pending);
            assert_eq!(timer.as_mut().poll(context), Poll::Ready(()));
        }
    }
}
