//! The delivery of a burst of events to many subscribers, compared with tokio's broadcast channel.
//!
//! The subscribers are tasks of a [`LocalSet`]. They are woken while the burst is published, but do
//! not run before the set does. The time of delivery is the time for which the set runs until every
//! subscriber has read the burst.

use std::{cell::Cell, hint::black_box, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    runtime::Runtime as Tokio,
    sync::broadcast,
    task::{LocalSet, yield_now},
};
use worker_runtime::{RuntimeEvent, Scope, queries::ReadEvents};

use crate::{
    harness::{Side, compare, on_thread},
    host::{Host, current_thread, follow, read_events},
    table::Row,
};

const SUBSCRIBERS: usize = 256;

/// The turns of a burst, and their events.
const TURNS: usize = 13;
const EVENTS: usize = 5 * TURNS;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let host = Host::new(TURNS);
    let crowd = Crowd::default();
    for _ in 0..SUBSCRIBERS {
        let mut stream = host.tokio.block_on(follow(&host.runtime, Scope::runtime()));
        crowd.join(async move || read_events(&mut stream, EVENTS).await);
    }
    let events = burst();
    let tokio = current_thread();
    let (of_bursts, bursts) = broadcast::channel::<Arc<[RuntimeEvent]>>(16);
    let (of_events, singles) = broadcast::channel::<Arc<RuntimeEvent>>(2 * EVENTS);
    let (burst_crowd, single_crowd) = (Crowd::default(), Crowd::default());
    for _ in 0..SUBSCRIBERS {
        let (mut bursts, mut singles) = (bursts.resubscribe(), singles.resubscribe());
        burst_crowd.join(async move || {
            let events = bursts.recv().await.expect("a burst");
            events.iter().for_each(|event| _ = black_box(event.sequence));
        });
        single_crowd.join(async move || {
            for _ in 0..EVENTS {
                let event = singles.recv().await.expect("an event");
                black_box(event.sequence);
            }
        });
    }
    drop((bursts, singles));
    let whole: Arc<[RuntimeEvent]> = events.clone().into();
    let singly: Vec<_> = events.into_iter().map(Arc::new).collect();
    let [ours, as_one, one_by_one] = compare([
        crowd.side(&host.tokio, || {
            host.say_to_all();
            host.drain();
        }),
        burst_crowd.side(&tokio, || _ = of_bursts.send(Arc::clone(&whole))),
        single_crowd.side(&tokio, || {
            for event in &singly {
                let _ = of_events.send(Arc::clone(event));
            }
        }),
    ]);
    let what = format!("delivering an event of {EVENTS} to one of {SUBSCRIBERS}");
    vec![
        Row::ratio(&what, ours, "tokio broadcast, the burst as one `Arc`", as_one, 1.2),
        Row::orientation(&what, ours, "tokio broadcast, an `Arc` an event", one_by_one),
    ]
}

/// Returns the events of a burst.
fn burst() -> Vec<RuntimeEvent> {
    let host = Host::new(TURNS);
    host.say_to_all();
    host.drain();
    let read = ReadEvents { limit: Some(EVENTS as u64), ..ReadEvents::new(Scope::runtime()) };
    host.tokio.block_on(host.runtime.handle(read)).expect("a page").items
}

/// Subscribers that run only while a burst is delivered.
#[derive(Default)]
struct Crowd {
    tasks: LocalSet,
    /// The number of subscribers that have read the present burst.
    read: Rc<Cell<usize>>,
}

impl Crowd {
    /// Adds a subscriber, which reads each burst with `read_burst`.
    fn join(&self, mut read_burst: impl AsyncFnMut() + 'static) {
        let read = Rc::clone(&self.read);
        self.tasks.spawn_local(async move {
            loop {
                read_burst().await;
                read.set(read.get() + 1);
            }
        });
    }

    fn side<'a>(&'a self, tokio: &'a Tokio, publish: impl Fn() + 'a) -> Side<'a> {
        let unit = (EVENTS * SUBSCRIBERS) as u64;
        Side::timed(unit, move |count| {
            let burst = |_| {
                publish();
                self.deliver(tokio)
            };
            (0..count / unit).map(burst).sum()
        })
    }

    fn deliver(&self, tokio: &Tokio) -> Duration {
        let took = on_thread(|| {
            tokio.block_on(self.tasks.run_until(async {
                while self.read.get() < SUBSCRIBERS {
                    yield_now().await;
                }
            }));
        });
        self.read.set(0);
        took
    }
}
