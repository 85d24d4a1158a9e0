//! Line 5: a page of events, in a short log and in a long one.

use std::hint::black_box;

use worker_runtime::{
    EventsFrom, Limits, Runtime, Scope,
    commands::UpdateWorker,
    queries::{GetRuntime, ReadEvents},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::{Host, current_thread, roomy},
    row::{Goal, Row},
};

const PAGE: u64 = 256;
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;

/// Measures line 5.
pub fn run(rows: &mut Vec<Row>) {
    let few = Log::of(FEW);
    let many = Log::of(MANY);
    for place in [Place::Start, Place::Middle, Place::End] {
        for scope in ["Worker", "Runtime"] {
            let [ours, other] = compare([many.side(place, scope), few.side(place, scope)]);
            let name = format!("5 read_events({PAGE}), {scope} scope, {place:?} of {MANY}, ns");
            rows.push(Row::new(name, ours, format!("of {FEW}"), other, Goal::AtMost(1.2)));
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Start,
    Middle,
    End,
}

/// A Runtime with one Worker and so many events.
struct Log {
    host: Host,
    /// The positions before the first page, the one in the middle and the last one, in each scope.
    worker: [EventsFrom; 3],
    runtime: [EventsFrom; 3],
}

/// A Worker in a Runtime that keeps so many events.
#[must_use]
pub fn host(events: u64) -> Host {
    let kept = events + 16;
    let limits = Limits { events_per_worker: kept, events_runtime: kept, ..roomy() };
    Host::on(current_thread(), Runtime::builder().limits(limits), 1)
}

/// Has the Worker's event after this one come.
pub async fn tell(host: &Host, sequence: u64) {
    let name = Some(if sequence.is_multiple_of(2) { "even" } else { "odd" }.to_owned());
    let update = UpdateWorker { display_name: name, ..UpdateWorker::of(host.workers[0]) };
    host.runtime.handle(update).await.expect("an update");
}

impl Log {
    fn of(events: u64) -> Self {
        let host = host(events);
        let starts = [1, events / 2, events - PAGE];
        let mut cursors = Vec::new();
        host.tokio.block_on(async {
            for sequence in 1..events {
                if starts.contains(&sequence) {
                    let reply = host.runtime.handle(GetRuntime {}).await.expect("figures");
                    cursors.push(EventsFrom::after(reply.cursor));
                }
                tell(&host, sequence).await;
            }
        });
        let runtime = cursors.try_into().expect("three positions");
        Self { host, worker: starts.map(EventsFrom::after_sequence), runtime }
    }

    fn side(&self, place: Place, scope: &str) -> Side<'_> {
        let (scope, from) = match scope {
            "Worker" => (Scope::worker(self.host.workers[0]), &self.worker[place as usize]),
            _ => (Scope::runtime(), &self.runtime[place as usize]),
        };
        let read =
            ReadEvents { from: Some(from.clone()), limit: Some(PAGE), ..ReadEvents::of(scope) };
        let Host { tokio, runtime, .. } = &self.host;
        let page = tokio.block_on(runtime.handle(read.clone())).expect("a page");
        assert_eq!(page.items.len() as u64, PAGE, "a whole page");
        Side::new(move |n| {
            on_thread(|| {
                tokio.block_on(async {
                    for _ in 0..n {
                        let _ = black_box(runtime.handle(read.clone()).await);
                    }
                });
            })
        })
    }
}
