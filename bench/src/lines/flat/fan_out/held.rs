//! Subscribers whose threads are held until a burst is published, so that delivering is measured by
//! itself.

use std::{
    sync::{
        Arc, Barrier, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use super::served::Served;

/// Subscribers, each a task of a tokio runtime with a few threads, and what publishes for them.
pub(super) struct Held {
    tokio: tokio::runtime::Runtime,
    served: Arc<Served>,
    publish: Box<dyn Fn()>,
}

/// Where the threads wait.
#[derive(Debug)]
struct Gate {
    threads: u32,
    /// Threads that are held.
    held: AtomicU32,
    barrier: Barrier,
    /// Threads that have woken up.
    awake: AtomicU32,
    opened: OnceLock<Instant>,
}

impl Gate {
    fn new(threads: u32) -> Arc<Self> {
        let barrier = Barrier::new(threads as usize + 1);
        let [held, awake] = [0, 0].map(AtomicU32::new);
        Arc::new(Self { threads, held, barrier, awake, opened: OnceLock::new() })
    }

    /// Holds a thread. All go at the same moment, however long the system takes to wake each.
    fn hold(&self) {
        self.held.fetch_add(1, Ordering::Release);
        self.barrier.wait();
        self.awake.fetch_add(1, Ordering::AcqRel);
        while self.awake.load(Ordering::Acquire) < self.threads {
            std::thread::yield_now();
        }
        self.opened.get_or_init(Instant::now);
    }
}

impl Held {
    /// Those that are served by the tasks of `tokio`, and get what `publish` does.
    pub(super) fn new(
        tokio: tokio::runtime::Runtime,
        served: Arc<Served>,
        publish: impl Fn() + 'static,
    ) -> Self {
        Self { tokio, served, publish: Box::new(publish) }
    }

    /// Publishes a burst, which wakes everybody; how long it takes from then until all have read it.
    pub(super) fn round(&self) -> Duration {
        let threads = u32::try_from(self.tokio.metrics().num_workers()).unwrap_or_default();
        let gate = Gate::new(threads);
        for thread in 0..threads {
            let task = Arc::clone(&gate);
            self.tokio.spawn(async move { task.hold() });
            // One after the other: a thread may take two tasks, and the other would sleep.
            while gate.held.load(Ordering::Acquire) <= thread {
                std::thread::yield_now();
            }
        }
        (self.publish)();
        gate.barrier.wait();
        let done = self.tokio.block_on(self.served.everybody());
        let opened = gate.opened.get().expect("the threads went");
        done.duration_since(*opened)
    }
}
