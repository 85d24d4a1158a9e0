//! Line 11: many subscribers of one log, beside tokio's broadcast channel.
//!
//! Every subscriber is a task of its own, on two threads, ours and tokio's alike. Delivering is
//! measured by itself: the threads are held until a burst is published and everybody is woken, and
//! the clock runs from there until the last has everything and the rest wait again. The whole, with
//! the turns that cause the events and with waking, is reported.

mod held;
mod readers;
mod served;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::broadcast;
use worker_runtime::{RuntimeEvent, Scope, Subscribe, Subscription, queries::ReadEvents};

use self::{
    held::Held,
    readers::{Bell, Reader},
    served::Served,
};
use crate::{
    harness::{Side, compare},
    host::{Host, brief, brief_builder, current_thread, quiet, say, two_threads},
    row::{Goal, Row},
};

/// Turns of a burst; each has five events.
const TURNS: usize = 13;

/// Events of a burst.
pub const BURST: u64 = 5 * TURNS as u64;

const SUBSCRIBERS: u64 = 256;
const MANY: u64 = 1024;

/// Turns that the publisher's other tasks get, so that they come to their end.
const YIELDS: usize = 100;

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
    let batches =
        subscribers(|tokio, reader, stream| drop(tokio.spawn(reader.take_batches(stream))));
    let items = subscribers(|tokio, reader, stream| drop(tokio.spawn(reader.take_items(stream))));
    let numbers = receivers(0_u64, |it| _ = black_box(*it));
    let events = receivers(an_event(), |it| _ = black_box(it.sequence));
    let nothing = sleepers();
    let unit = BURST * SUBSCRIBERS;
    let [batches, items, number, event, nothing] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| batches.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| items.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| numbers.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| events.round()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| nothing.round()).sum()),
    ]);
    let name = |how: &str| format!("11 delivering {BURST} events to {SUBSCRIBERS} {how}, ns each");
    let [of_event, of_number] =
        ["tokio broadcast of an `Arc` of an event", "tokio broadcast of a number"];
    let some = name("in batches");
    rows.push(Row::new(&some, batches, of_event, event, Goal::TimesAsFast(10.0)));
    rows.push(Row::new(&some, batches, of_number, number, Goal::Reported));
    rows.push(Row::new(some, batches, "tasks that are only woken", nothing, Goal::Reported));
    let one = name("one by one");
    rows.push(Row::new(&one, items, of_event, event, Goal::Reported));
    rows.push(Row::new(one, items, of_number, number, Goal::Reported));
}

/// An event as the Runtime shows it.
fn an_event() -> Arc<RuntimeEvent> {
    let host = brief(1);
    let read = host.runtime.handle(ReadEvents::of(Scope::runtime()));
    let mut page = host.tokio.block_on(read).expect("events");
    Arc::new(page.items.pop().expect("the Worker's creation"))
}

/// Subscribers of a Runtime that lives on the publisher's thread.
fn subscribers(begin: fn(&tokio::runtime::Runtime, Reader, Subscription)) -> Held {
    let host = Host::on(current_thread(), brief_builder(), TURNS);
    let (tokio, served) = (two_threads(), Served::by(SUBSCRIBERS));
    for number in 0..SUBSCRIBERS {
        let subscribe = host.runtime.subscribe(Subscribe::to(Scope::runtime()));
        let stream = host.tokio.block_on(subscribe).expect("a subscription");
        begin(&tokio, Reader::new(&served, number), stream);
    }
    Held::new(tokio, served, move || {
        host.tokio.block_on(async {
            for &worker in &host.workers {
                say(&host.runtime, worker).await;
            }
            quiet(&host.runtime).await;
            // Whoever wakes the subscribers has come to its end, too.
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        });
    })
}

/// Receivers of a broadcast channel.
fn receivers<T: Clone + Send + Sync + 'static>(event: T, look: fn(&T)) -> Held {
    let (sender, _) = broadcast::channel(1024);
    let (tokio, served) = (two_threads(), Served::by(SUBSCRIBERS));
    for number in 0..SUBSCRIBERS {
        tokio.spawn(Reader::new(&served, number).receive(sender.subscribe(), look));
    }
    Held::new(tokio, served, move || send(&sender, &event))
}

/// Tasks that are woken, and get nothing.
fn sleepers() -> Held {
    let (tokio, served, bell) = (two_threads(), Served::by(SUBSCRIBERS), Arc::<Bell>::default());
    for number in 0..SUBSCRIBERS {
        tokio.spawn(Reader::new(&served, number).only_wake(Arc::clone(&bell)));
    }
    Held::new(tokio, served, move || bell.ring())
}

fn send<T: Clone>(sender: &broadcast::Sender<T>, event: &T) {
    for _ in 0..BURST {
        let _ = sender.send(event.clone());
    }
}

fn whole(rows: &mut Vec<Row>) {
    let [ours, number] = deliveries(SUBSCRIBERS);
    let name = format!("11 turns of {BURST} events, waking {SUBSCRIBERS}, ns a delivery");
    rows.push(Row::new(name, ours, "tokio broadcast of a number", number, Goal::Reported));
}

/// What a delivery costs, ours and tokio's, with so many subscribers, turns and waking included.
#[must_use]
pub fn deliveries(subscribers: u64) -> [f64; 2] {
    let crowd = Crowd::new(subscribers);
    let channel = Channel::new(subscribers);
    let unit = BURST * subscribers;
    compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| crowd.burst().served).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| channel.burst()).sum()),
    ])
}

/// Subscribers of a Runtime that share its threads.
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
        for number in 0..subscribers {
            let subscribe = host.runtime.subscribe(Subscribe::to(Scope::runtime()));
            let stream = host.tokio.block_on(subscribe).expect("a subscription");
            host.tokio.spawn(Reader::new(&served, number).take_batches(stream));
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
            let served = served.everybody().await.duration_since(start);
            Burst { published, served }
        });
        tokio.block_on(publish).expect("no panic")
    }
}

/// Receivers of a broadcast channel that share its sender's threads.
struct Channel {
    tokio: tokio::runtime::Runtime,
    sender: broadcast::Sender<u64>,
    served: Arc<Served>,
}

impl Channel {
    fn new(subscribers: u64) -> Self {
        let tokio = two_threads();
        let (sender, _) = broadcast::channel(1024);
        let served = Served::by(subscribers);
        for number in 0..subscribers {
            let reader = Reader::new(&served, number);
            tokio.spawn(reader.receive(sender.subscribe(), |it| _ = black_box(*it)));
        }
        Self { tokio, sender, served }
    }

    fn burst(&self) -> Duration {
        let (sender, served) = (self.sender.clone(), Arc::clone(&self.served));
        let publish = self.tokio.spawn(async move {
            let start = Instant::now();
            send(&sender, &0);
            served.everybody().await.duration_since(start)
        });
        self.tokio.block_on(publish).expect("no panic")
    }
}
