//! The cost of a publisher, with many subscribers and with one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{runtime::Runtime as Tokio, task::yield_now};
use worker_runtime::Scope;

use crate::{
    harness::{Side, compare, on_thread},
    host::{Host, brief, current_thread, follow, quiet, read_events, say, threads},
    table::Row,
};

/// The turns of a burst, and their events.
const TURNS: usize = 13;
const EVENTS: usize = 5 * TURNS;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let (many, one) = (Publisher::new(1_024), Publisher::new(1));
    let [ours, other] = compare([many.side(), one.side()]);
    let what = "an input and its turn, with 1,024 subscribers";
    vec![Row::ratio(what, ours, "with one", other, 2.0)]
}

/// A Runtime whose inputs and turns run on the calling thread, and whose subscribers run on another
/// thread.
struct Publisher {
    host: Host,
    turns: Tokio,
    subscribers: usize,
    /// The number of subscribers that have read the whole present burst.
    read: Arc<AtomicUsize>,
}

impl Publisher {
    fn new(subscribers: usize) -> Self {
        let turns = current_thread();
        let builder = brief().turn_runtime(turns.handle().clone());
        let host = Host::on(threads(1), builder, TURNS);
        let read = Arc::<AtomicUsize>::default();
        for _ in 0..subscribers {
            let mut stream = host.tokio.block_on(follow(&host.runtime, Scope::runtime()));
            let read = Arc::clone(&read);
            host.tokio.spawn(async move {
                loop {
                    read_events(&mut stream, EVENTS).await;
                    read.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
        Self { host, turns, subscribers, read }
    }

    fn side(&self) -> Side<'_> {
        Side::timed(TURNS as u64, |count| (0..count / TURNS as u64).map(|_| self.burst()).sum())
    }

    fn burst(&self) -> Duration {
        let Host { tokio, runtime, workers } = &self.host;
        // The other thread must not sleep, because waking it would be a system call of the
        // publisher.
        let awake = tokio.spawn(async {
            loop {
                yield_now().await;
            }
        });
        let took = on_thread(|| {
            self.turns.block_on(async {
                for &worker in workers {
                    say(runtime, worker, "hello").await;
                }
                quiet(runtime).await;
            });
        });
        while self.read.load(Ordering::Acquire) < self.subscribers {
            thread::yield_now();
        }
        self.read.store(0, Ordering::Release);
        awake.abort();
        took
    }
}
