//! A page from the middle of an event log: of a short log and of a long one.

use worker_runtime::{
    EventsFrom, Scope,
    queries::{GetRuntime, ReadEvents},
};

use super::SAME;
use crate::{
    harness::{Side, compare},
    host::{Host, brief, current_thread, roomy},
    lines::flat::commit::rename,
    table::Row,
};

const PAGE: u64 = 256;
const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let (many, few) = (Log::new(MANY), Log::new(FEW));
    let [worker, few_of_worker] = compare([many.of_worker(), few.of_worker()]);
    let [runtime, few_of_runtime] = compare([many.of_runtime(), few.of_runtime()]);
    let row = |scope: &str, ours, other| {
        let what = format!("`read_events`, {PAGE} of {scope}, 1,000,000 events");
        Row::ratio(what, ours, "1,000 events", other, SAME)
    };
    vec![row("a Worker", worker, few_of_worker), row("the Runtime", runtime, few_of_runtime)]
}

/// A Runtime with one Worker and its events.
struct Log {
    host: Host,
    middle_of_worker: EventsFrom,
    middle_of_runtime: EventsFrom,
}

impl Log {
    fn new(events: usize) -> Self {
        let kept = 2 * events as u64;
        let limits = roomy().events_per_worker(kept).events_runtime(kept);
        let host = Host::on(current_thread(), brief().limits(limits), 1);
        let rename_times = |count| {
            host.tokio.block_on(async {
                for nth in 0..count {
                    rename(&host, host.workers[0], nth).await;
                }
            });
        };
        rename_times(events / 2);
        let reply = host.tokio.block_on(host.runtime.handle(GetRuntime {})).expect("a reply");
        rename_times(events / 2);
        let middle_of_worker = EventsFrom::after_sequence(events as u64 / 2);
        let middle_of_runtime = EventsFrom::after(reply.cursor);
        Self { host, middle_of_worker, middle_of_runtime }
    }

    fn of_worker(&self) -> Side<'_> {
        self.side(Scope::worker(self.host.workers[0]), &self.middle_of_worker)
    }

    fn of_runtime(&self) -> Side<'_> {
        self.side(Scope::runtime(), &self.middle_of_runtime)
    }

    fn side(&self, scope: Scope, from: &EventsFrom) -> Side<'_> {
        let Host { tokio, runtime, .. } = &self.host;
        let from = Some(from.clone());
        let query = ReadEvents { from, limit: Some(PAGE), ..ReadEvents::new(scope) };
        let page = tokio.block_on(runtime.handle(query.clone())).expect("a page");
        assert_eq!(page.items.len() as u64, PAGE, "the page is full");
        self.host.asking(query)
    }
}
