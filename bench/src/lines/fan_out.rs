//! Line 11: many subscribers of one log, beside tokio's broadcast channel.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use tokio::sync::{Notify, broadcast};
use worker_runtime::{Scope, StreamItem, Subscribe};

use crate::{
    harness::{Side, compare},
    host::{Host, brief_builder, say, two_threads},
    row::{Goal, Row},
};

/// Turns of a burst; each has five events.
const TURNS: usize = 13;

/// Events of a burst.
pub const BURST: u64 = 5 * TURNS as u64;

const SUBSCRIBERS: u64 = 256;
const MANY: u64 = 1024;

/// Measures line 11.
pub fn run(rows: &mut Vec<Row>) {
    let crowd = Crowd::new(SUBSCRIBERS);
    let numbers = Channel::new(SUBSCRIBERS, 0_u64);
    let events = Channel::new(SUBSCRIBERS, Arc::new([0_u64; 8]));
    let unit = BURST * SUBSCRIBERS;
    let [ours, number, event] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| crowd.burst().served).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| numbers.burst()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| events.burst()).sum()),
    ]);
    let name = format!("11 fan-out to {SUBSCRIBERS}, bursts of {BURST}, ns a delivery");
    let goal = Goal::TimesAsFast(10.0);
    rows.push(Row::new(&name, ours, "tokio broadcast of a number", number, goal));
    rows.push(Row::new(name, ours, "tokio broadcast of an `Arc`", event, Goal::Reported));
    let (many, one) = (Crowd::new(MANY), Crowd::new(1));
    let unit = TURNS as u64;
    let [ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| many.burst().published).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| one.burst().published).sum()),
    ]);
    let name = format!("11 send_input with {MANY} subscribers, ns");
    rows.push(Row::new(name, ours, "with one", other, Goal::AtMost(2.0)));
}

/// What a delivery costs, ours and tokio's, with so many subscribers.
#[must_use]
pub fn deliveries(subscribers: u64) -> [f64; 2] {
    let crowd = Crowd::new(subscribers);
    let channel = Channel::new(subscribers, 0_u64);
    let unit = BURST * subscribers;
    compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| crowd.burst().served).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| channel.burst()).sum()),
    ])
}

/// Who has got everything.
#[derive(Debug, Default)]
struct Served {
    count: AtomicU64,
    expected: u64,
    all: Notify,
}

impl Served {
    fn by(expected: u64) -> Arc<Self> {
        Arc::new(Self { expected, ..Self::default() })
    }

    fn one_more(&self) {
        if self.count.fetch_add(1, Ordering::AcqRel) + 1 == self.expected {
            self.count.store(0, Ordering::Release);
            self.all.notify_one();
        }
    }
}

/// Subscribers of a Runtime.
struct Crowd {
    host: Host,
    served: Arc<Served>,
}

/// How long a burst took.
struct Burst {
    /// Until its inputs were taken.
    published: Duration,
    /// Until everybody had everything.
    served: Duration,
}

impl Crowd {
    fn new(subscribers: u64) -> Self {
        let host = Host::on(two_threads(), brief_builder(), TURNS);
        let served = Served::by(subscribers);
        for _ in 0..subscribers {
            let subscribe = host.runtime.subscribe(Subscribe::to(Scope::runtime()));
            let mut stream = host.tokio.block_on(subscribe).expect("a subscription");
            let served = Arc::clone(&served);
            host.tokio.spawn(async move {
                let mut events = 0;
                while let Some(item) = stream.next().await {
                    match std::hint::black_box(item) {
                        StreamItem::Event(_) => events += 1,
                        StreamItem::Gap { missed, .. } => panic!("{missed} events were missed"),
                        _ => {}
                    }
                    if events == BURST {
                        events = 0;
                        served.one_more();
                    }
                }
            });
        }
        Self { host, served }
    }

    fn burst(&self) -> Burst {
        let Host { tokio, runtime, workers } = &self.host;
        let (runtime, workers) = (runtime.clone(), workers.clone());
        let served = Arc::clone(&self.served);
        let publish = tokio.spawn(async move {
            let start = Instant::now();
            for worker in workers {
                say(&runtime, worker).await;
            }
            let published = start.elapsed();
            served.all.notified().await;
            Burst { published, served: start.elapsed() }
        });
        tokio.block_on(publish).expect("no panic")
    }
}

/// Receivers of a broadcast channel.
struct Channel<T> {
    tokio: tokio::runtime::Runtime,
    sender: broadcast::Sender<T>,
    event: T,
    served: Arc<Served>,
}

impl<T: Clone + Send + Sync + 'static> Channel<T> {
    fn new(subscribers: u64, event: T) -> Self {
        let tokio = two_threads();
        let (sender, _) = broadcast::channel(1024);
        let served = Served::by(subscribers);
        for _ in 0..subscribers {
            let mut receiver = sender.subscribe();
            let served = Arc::clone(&served);
            tokio.spawn(async move {
                let mut events = 0;
                while let Ok(event) = receiver.recv().await {
                    std::hint::black_box(event);
                    events += 1;
                    if events == BURST {
                        events = 0;
                        served.one_more();
                    }
                }
            });
        }
        Self { tokio, sender, event, served }
    }

    fn burst(&self) -> Duration {
        let (sender, served) = (self.sender.clone(), Arc::clone(&self.served));
        let event = self.event.clone();
        let publish = self.tokio.spawn(async move {
            let start = Instant::now();
            for _ in 0..BURST {
                let _ = sender.send(event.clone());
            }
            served.all.notified().await;
            start.elapsed()
        });
        self.tokio.block_on(publish).expect("no panic")
    }
}
