//! Line 11: many subscribers of one log, beside tokio's broadcast channel.
//!
//! Delivering is measured by itself: a burst is published first, then two threads read it on behalf of
//! all subscribers. The whole, with the turns that cause the events and with waking, is reported.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, broadcast},
    task::unconstrained,
};
use worker_runtime::{Batch, Scope, StreamItem, Subscribe, Subscription};

use crate::{
    harness::{Side, compare},
    host::{Host, brief_builder, quiet, say, two_threads},
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
    delivering(rows);
    whole(rows);
    let (many, one) = (Crowd::new(MANY), Crowd::new(1));
    let unit = TURNS as u64;
    let [ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| many.burst().published).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| one.burst().published).sum()),
    ]);
    let name = format!("11 send_input with {MANY} subscribers, ns");
    rows.push(Row::new(name, ours, "with one", other, Goal::AtMost(2.0)));
}

fn delivering(rows: &mut Vec<Row>) {
    let batches = Crowd::reading(|stream| {
        let mut events = 0;
        while let Some(Some(batch)) = stream.next_batch().now_or_never() {
            if let Batch::Events(batch) = batch {
                events += batch.iter().map(std::hint::black_box).count() as u64;
            }
        }
        events
    });
    let items = Crowd::reading(|stream| {
        let mut events = 0;
        while let Some(Some(item)) = stream.next().now_or_never() {
            events += u64::from(matches!(std::hint::black_box(item), StreamItem::Event(_)));
        }
        events
    });
    let numbers = Channel::reading(0_u64);
    let events = Channel::reading(Arc::new([0_u64; 8]));
    let unit = BURST * SUBSCRIBERS;
    let [batches, items, number, event] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| batches.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| items.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| numbers.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| events.round()).sum()),
    ]);
    let name = |how: &str| format!("11 delivering {BURST} events to {SUBSCRIBERS} {how}, ns each");
    let number_of = "tokio broadcast of a number";
    let goal = Goal::TimesAsFast(10.0);
    rows.push(Row::new(name("in batches"), batches, number_of, number, goal));
    let one = name("one by one");
    rows.push(Row::new(&one, items, number_of, number, Goal::Reported));
    rows.push(Row::new(one, items, "tokio broadcast of an `Arc`", event, Goal::Reported));
}

fn whole(rows: &mut Vec<Row>) {
    let crowd = Crowd::new(SUBSCRIBERS);
    let numbers = Channel::new(SUBSCRIBERS, 0_u64);
    let unit = BURST * SUBSCRIBERS;
    let [ours, number] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| crowd.burst().served).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| numbers.burst()).sum()),
    ]);
    let name = format!("11 turns of {BURST} events, waking {SUBSCRIBERS}, ns a delivery");
    rows.push(Row::new(name, ours, "tokio broadcast of a number", number, Goal::Reported));
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

/// Readers in two halves, each for a thread, and what publishes a burst for them.
struct Reading<R> {
    tokio: tokio::runtime::Runtime,
    halves: Mutex<[Vec<R>; 2]>,
    read: fn(&mut R) -> u64,
    publish: Box<dyn Fn()>,
}

impl<R: Send + 'static> Reading<R> {
    fn new(
        tokio: tokio::runtime::Runtime,
        halves: [Vec<R>; 2],
        read: fn(&mut R) -> u64,
        publish: Box<dyn Fn()>,
    ) -> Self {
        Self { tokio, halves: Mutex::new(halves), read, publish }
    }

    /// Publishes a burst; how long it takes until all readers have it.
    fn round(&self) -> Duration {
        (self.publish)();
        let mut halves = self.halves.lock();
        let read = self.read;
        let start = Instant::now();
        let tasks = std::mem::take(&mut *halves).map(|mut readers| {
            self.tokio.spawn(unconstrained(async move {
                let events: u64 = readers.iter_mut().map(read).sum();
                assert_eq!(events, BURST * readers.len() as u64, "all events are delivered");
                readers
            }))
        });
        *halves = tasks.map(|task| self.tokio.block_on(task).expect("no panic"));
        start.elapsed()
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
    /// Subscribers that are read by two threads, as `read` does it.
    fn reading(read: fn(&mut Subscription) -> u64) -> Reading<Subscription> {
        let host = Host::on(two_threads(), brief_builder(), TURNS);
        let subscribe = || {
            let subscribe = host.runtime.subscribe(Subscribe::to(Scope::runtime()));
            let mut stream = host.tokio.block_on(subscribe).expect("a subscription");
            read(&mut stream);
            stream
        };
        let readers = [(); 2].map(|()| (0..SUBSCRIBERS / 2).map(|_| subscribe()).collect());
        let (runtime, workers) = (host.runtime.clone(), host.workers.clone());
        let handle = host.tokio.handle().clone();
        let publish = move || {
            handle.block_on(async {
                for &worker in &workers {
                    say(&runtime, worker).await;
                }
                quiet(&runtime).await;
            });
        };
        Reading::new(host.tokio, readers, read, Box::new(publish))
    }

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
    /// Receivers that are read by two threads.
    fn reading(event: T) -> Reading<broadcast::Receiver<T>> {
        let (sender, _) = broadcast::channel(1024);
        let readers = [(); 2].map(|()| (0..SUBSCRIBERS / 2).map(|_| sender.subscribe()).collect());
        let publish = move || {
            for _ in 0..BURST {
                let _ = sender.send(event.clone());
            }
        };
        let read = |receiver: &mut broadcast::Receiver<T>| {
            let mut events = 0;
            while let Some(Ok(event)) = receiver.recv().now_or_never() {
                std::hint::black_box(event);
                events += 1;
            }
            events
        };
        Reading::new(two_threads(), readers, read, Box::new(publish))
    }

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
