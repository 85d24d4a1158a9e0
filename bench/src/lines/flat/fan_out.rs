//! Line 11: many subscribers of one log, beside tokio's broadcast channel.
//!
//! Every subscriber is a task of its own, on two threads, ours and tokio's alike. Delivering is
//! measured by itself: the threads are held until a burst is published and everybody is woken, and
//! the clock runs from there until the last has everything. The same on one thread, and the whole,
//! with the turns that cause the events and with waking, are reported.

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
    clock::on_thread,
    harness::{Side, compare},
    host::{Host, brief, brief_builder, current_thread, quiet, say, threads, two_threads},
    row::{Goal, Row},
};

/// Turns of a burst; each has five events.
const TURNS: usize = 13;

/// Events of a burst.
pub const BURST: u64 = 5 * TURNS as u64;

const NUMBERS: [u64; 5 * TURNS] = [0; 5 * TURNS];

const SUBSCRIBERS: u64 = 256;
const MANY: u64 = 1024;

/// Turns that the publisher's other tasks get, so that they come to their end.
const YIELDS: usize = 100;

/// Measures line 11.
pub fn run(rows: &mut Vec<Row>) {
    delivering(rows);
    whole(rows);
    let (many, one) = (Publisher::new(MANY), Publisher::new(1));
    let unit = TURNS as u64;
    let [ours, other] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| many.burst()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| one.burst()).sum()),
    ]);
    let name = format!("11 an input and its turn with {MANY} subscribers, ns of their thread");
    rows.push(Row::new(name, ours, "with one", other, Goal::AtMost(2.0)));
}

fn delivering(rows: &mut Vec<Row>) {
    let take_batches: Begin = |tokio, reader, stream| _ = tokio.spawn(reader.take_batches(stream));
    let take_items: Begin = |tokio, reader, stream| _ = tokio.spawn(reader.take_items(stream));
    let take_event = |it: &Arc<RuntimeEvent>| _ = black_box(it.sequence);
    let [batches, items, number, event, nothing, batches_alone, event_alone] = compare(
        [
            subscribers(two_threads(), take_batches),
            subscribers(two_threads(), take_items),
            receivers(two_threads(), (0..BURST).collect(), |it| _ = black_box(*it)),
            receivers(two_threads(), some_events(), take_event),
            sleepers(),
            subscribers(threads(1), take_batches),
            receivers(threads(1), some_events(), take_event),
        ]
        .map(rounds),
    );
    let name = |how: &str| format!("11 delivering {BURST} events to {SUBSCRIBERS} {how}, ns each");
    let [of_event, of_number] =
        ["tokio broadcast of an `Arc` of an event", "tokio broadcast of a number"];
    let some = name("in batches");
    rows.push(Row::new(&some, batches, of_event, event, Goal::TimesAsFast(10.0)));
    rows.push(Row::new(&some, batches, of_number, number, Goal::Reported));
    rows.push(Row::new(some, batches, "tasks that are only woken", nothing, Goal::Reported));
    let alone = "11 the same on one thread, ns each";
    rows.push(Row::new(alone, batches_alone, of_event, event_alone, Goal::Reported));
    let one = name("one by one");
    rows.push(Row::new(&one, items, of_event, event, Goal::Reported));
    rows.push(Row::new(one, items, of_number, number, Goal::Reported));
}

/// How a subscriber begins.
type Begin = fn(&tokio::runtime::Runtime, Reader, Subscription);

fn rounds<'a>(held: Held) -> Side<'a> {
    let unit = BURST * SUBSCRIBERS;
    Side::in_units(unit, move |n| (0..n / unit).map(|_| held.round()).sum())
}

/// A burst of events as the Runtime shows them.
fn some_events() -> Vec<Arc<RuntimeEvent>> {
    let host = brief(TURNS);
    host.tokio.block_on(async {
        for &worker in &host.workers {
            say(&host.runtime, worker).await;
        }
    });
    host.drain();
    let read = ReadEvents { limit: Some(BURST), ..ReadEvents::of(Scope::runtime()) };
    let page = host.tokio.block_on(host.runtime.handle(read)).expect("events");
    assert_eq!(page.items.len() as u64, BURST);
    page.items.into_iter().map(Arc::new).collect()
}

/// Subscribers of a Runtime that lives on the publisher's thread.
fn subscribers(tokio: tokio::runtime::Runtime, begin: Begin) -> Held {
    let host = Host::on(current_thread(), brief_builder(), TURNS);
    let served = Served::by(SUBSCRIBERS);
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
fn receivers<T: Clone + Send + Sync + 'static>(
    tokio: tokio::runtime::Runtime,
    events: Vec<T>,
    look: fn(&T),
) -> Held {
    let (sender, _) = broadcast::channel(1024);
    let served = Served::by(SUBSCRIBERS);
    for number in 0..SUBSCRIBERS {
        tokio.spawn(Reader::new(&served, number).receive(sender.subscribe(), look));
    }
    Held::new(tokio, served, move || send(&sender, &events))
}

/// Tasks that are woken, and get nothing.
fn sleepers() -> Held {
    let (tokio, served, bell) = (two_threads(), Served::by(SUBSCRIBERS), Arc::<Bell>::default());
    for number in 0..SUBSCRIBERS {
        tokio.spawn(Reader::new(&served, number).only_wake(Arc::clone(&bell)));
    }
    Held::new(tokio, served, move || bell.ring())
}

fn send<T: Clone>(sender: &broadcast::Sender<T>, events: &[T]) {
    for event in events {
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
        Side::in_units(unit, |n| (0..n / unit).map(|_| crowd.burst()).sum()),
        Side::in_units(unit, |n| (0..n / unit).map(|_| channel.burst()).sum()),
    ])
}

/// Subscribers of a Runtime that share its threads.
struct Crowd {
    host: Host,
    served: Arc<Served>,
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

    fn burst(&self) -> Duration {
        let Host { tokio, runtime, workers } = &self.host;
        let (runtime, workers) = (runtime.clone(), workers.clone());
        let served = Arc::clone(&self.served);
        let publish = tokio.spawn(async move {
            let start = Instant::now();
            for worker in workers {
                say(&runtime, worker).await;
            }
            served.everybody().await.duration_since(start)
        });
        tokio.block_on(publish).expect("no panic")
    }
}

/// A Runtime whose turns run on the calling thread, and subscribers on another, as is whatever wakes
/// them.
struct Publisher {
    host: Host,
    turns: tokio::runtime::Runtime,
    served: Arc<Served>,
}

impl Publisher {
    fn new(subscribers: u64) -> Self {
        let turns = current_thread();
        let builder = brief_builder().turn_runtime(turns.handle().clone());
        let host = Host::on(threads(1), builder, TURNS);
        let served = Served::by(subscribers);
        for number in 0..subscribers {
            let subscribe = host.runtime.subscribe(Subscribe::to(Scope::runtime()));
            let stream = host.tokio.block_on(subscribe).expect("a subscription");
            host.tokio.spawn(Reader::new(&served, number).take_batches(stream));
        }
        Self { host, turns, served }
    }

    /// What the thread spends on inputs and their turns. The other one does not sleep meanwhile: to
    /// wake it is a system call, of whoever wakes.
    fn burst(&self) -> Duration {
        let Host { tokio, runtime, workers } = &self.host;
        let awake = tokio.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        let took = on_thread(|| {
            self.turns.block_on(async {
                for &worker in workers {
                    say(runtime, worker).await;
                }
                quiet(runtime).await;
            });
        });
        tokio.block_on(self.served.everybody());
        awake.abort();
        took
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
            send(&sender, &NUMBERS);
            served.everybody().await.duration_since(start)
        });
        self.tokio.block_on(publish).expect("no panic")
    }
}
