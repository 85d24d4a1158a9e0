//! Wakes tasks on threads of its own, because a waker is foreign code, which may panic or block.

mod queue;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::runtime::{Handle, RuntimeFlavor};

use self::queue::{Queue, Watch};
use super::{Wakers, contained};

/// Wakes tasks in the order of the calls of [`wake`](Self::wake), as long as no waker is slow.
///
/// A *runner* wakes one task after the other, and the *watch* looks after the runners. A waker that
/// blocks keeps its runner; then others wake the rest. Runners and the watch are threads of the
/// relay's own, because a thread of tokio's that a waker keeps is missing elsewhere, and holds up
/// the end of the tokio runtime. They start on demand, and end when there is nothing to do.
#[derive(Debug)]
pub(super) struct Relay {
    queue: Mutex<Queue>,
    /// Notified if a runner that has nothing to do is needed.
    work: Condvar,
    /// Notified if the watch is needed.
    look: Condvar,
    /// Notified if the queue is [calm](Queue::is_calm).
    calm: Condvar,
    /// The tokio runtime whose clock may be paused, if that is possible.
    paused: Option<Handle>,
    /// The most runners at the same time.
    most: usize,
}

/// The time between two looks at the runners.
const PERIOD: Duration = Duration::from_millis(10);

/// The time for a waker above which the relay is slow.
const SLOW: Duration = Duration::from_millis(1);

/// The most runners. If all of them are stuck, the next tasks wait until one of their wakers
/// returns.
const MOST: usize = 1024;

/// The time after which a thread ends that has nothing to do.
const KEPT: Duration = Duration::from_secs(10);

/// The longest time for which a paused clock is held for tasks that are still to be woken.
const LONGEST: Duration = Duration::from_millis(200);

impl Relay {
    /// Creates the relay of a Runtime on this tokio runtime.
    pub(super) fn new(handle: &Handle) -> Self {
        // Tokio can pause the clock of a runtime of one thread only.
        let can_pause = handle.runtime_flavor() == RuntimeFlavor::CurrentThread;
        Self::with(can_pause.then(|| handle.clone()), MOST)
    }

    fn with(paused: Option<Handle>, most: usize) -> Self {
        Self {
            queue: Mutex::default(),
            work: Condvar::new(),
            look: Condvar::new(),
            calm: Condvar::new(),
            paused,
            most,
        }
    }

    /// Wakes tasks soon. The caller holds no lock. If the system gives no thread, the tasks are
    /// woken on this one.
    pub(super) fn wake(self: &Arc<Self>, wakers: Wakers) {
        if wakers.is_empty() {
            return;
        }
        let mut queue = self.queue.lock();
        queue.waiting.push_back(wakers.into_iter());
        self.hold_clock(&mut queue);
        if queue.moving() == 0 {
            self.call(&mut queue, 1);
        }
        if queue.runners() == 0 {
            Self::work(&mut queue);
        }
    }

    /// Lets the threads end as soon as they have nothing to do.
    pub(super) fn end(&self) {
        self.queue.lock().is_over = true;
        self.work.notify_all();
        self.look.notify_all();
    }

    /// Has up to `count` more runners work.
    fn call(self: &Arc<Self>, queue: &mut MutexGuard<'_, Queue>, count: usize) {
        let idle = count.min(queue.idle);
        for _ in 0..idle {
            self.work.notify_one();
        }
        let room = self.most.saturating_sub(queue.runners());
        for _ in 0..(count - idle).min(room) {
            // Counted before the thread is there, so that the next caller starts no other.
            queue.starting += 1;
            if !self.start(queue, Self::run) {
                queue.starting -= 1;
                return;
            }
        }
    }

    /// Has the watch look.
    fn ensure_watch(self: &Arc<Self>, queue: &mut MutexGuard<'_, Queue>) {
        match std::mem::replace(&mut queue.watch, Watch::Looking) {
            Watch::Looking => {}
            Watch::Sleeping => {
                self.look.notify_one();
            }
            Watch::None => {
                if !self.start(queue, Self::watch) {
                    queue.watch = Watch::None;
                }
            }
        }
    }

    /// Starts a thread. Returns `false` if the system gives none.
    fn start(self: &Arc<Self>, queue: &mut MutexGuard<'_, Queue>, run: fn(&Arc<Self>)) -> bool {
        let relay = Arc::clone(self);
        let thread = thread::Builder::new().name("wakes tasks".to_owned());
        MutexGuard::unlocked(queue, || thread.spawn(move || run(&relay)).is_ok())
    }

    /// Wakes tasks until there was none for a while. This is what a runner does.
    fn run(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        loop {
            // The runner still counts as starting, because this releases the lock for a while.
            self.ensure_watch(&mut queue);
            queue.starting -= 1;
            Self::work(&mut queue);
            if queue.is_held && queue.is_calm() {
                self.calm.notify_all();
            }
            queue.idle += 1;
            let is_needed = wait(&mut queue, &self.work, |queue| !queue.waiting.is_empty());
            queue.idle -= 1;
            if !is_needed {
                return;
            }
            queue.starting += 1;
        }
    }

    /// Wakes tasks until none waits.
    fn work(queue: &mut MutexGuard<'_, Queue>) {
        queue.busy += 1;
        while let Some(waker) = queue.next() {
            let round = queue.round;
            MutexGuard::unlocked(queue, || waker.wake());
            queue.woken += 1;
            if queue.round != round {
                queue.stuck -= 1;
            }
        }
        queue.busy -= 1;
    }

    /// Looks after the runners until there was nothing to do for a while. While tasks wait and the
    /// relay is slow, calls as many runners again: so many wakers that block cost the others little
    /// time, and no more than twice as many threads.
    fn watch(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        loop {
            let (since, woken) = (Instant::now(), queue.woken);
            MutexGuard::unlocked(&mut queue, || thread::sleep(PERIOD));
            let woken = u32::try_from(queue.woken - woken).unwrap_or(u32::MAX);
            if since.elapsed() > SLOW.saturating_mul(woken) {
                queue.round += 1;
                queue.stuck = queue.busy;
                if !queue.waiting.is_empty() && queue.starting == 0 {
                    let as_many_again = queue.stuck.max(1);
                    self.call(&mut queue, as_many_again);
                }
            }
            if !queue.is_calm() {
                continue;
            }
            self.calm.notify_all();
            queue.watch = Watch::Sleeping;
            if !wait(&mut queue, &self.look, |queue| queue.watch == Watch::Looking) {
                queue.watch = Watch::None;
                return;
            }
        }
    }

    /// Holds a paused clock until the tasks that wait are woken. Tokio would move the clock on as
    /// soon as no task of its own is ready, which those are about to be, and their time would be up.
    /// Tokio does not do that while it has blocking work.
    fn hold_clock(self: &Arc<Self>, queue: &mut Queue) {
        let Some(handle) = &self.paused else { return };
        if std::mem::replace(&mut queue.is_held, true) {
            return;
        }
        let relay = Arc::clone(self);
        // Tokio panics if the system gives it no thread.
        let held = contained(|| drop(handle.spawn_blocking(move || relay.wait_until_calm())));
        queue.is_held = held.is_some();
    }

    fn wait_until_calm(&self) {
        let mut queue = self.queue.lock();
        let until = Instant::now() + LONGEST;
        while !queue.is_calm() && !self.calm.wait_until(&mut queue, until).timed_out() {}
        queue.is_held = false;
    }
}

/// Waits until the condition holds. Returns `false` if it does not hold for a while, or if the relay
/// is over.
fn wait(
    queue: &mut MutexGuard<'_, Queue>,
    notified: &Condvar,
    is_so: impl Fn(&Queue) -> bool,
) -> bool {
    let until = Instant::now() + KEPT;
    while !is_so(queue) {
        if queue.is_over || notified.wait_until(queue, until).timed_out() {
            return is_so(queue);
        }
    }
    true
}
