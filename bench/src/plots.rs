//! The two drawings: cost against the number of Workers, deliveries against subscribers.

use std::hint::black_box;

use worker_runtime::{
    WorkerRef,
    commands::UpdateWorker,
    model::PageRequest,
    queries::{GetOverview, GetWorker, ListWorkers},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::{Host, brief, say},
    lines::fan_out::{BURST, deliveries},
    peers::{Kameo, ask},
    plot::{Curve, Plot},
};

const WORKERS: [usize; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// An actor takes 7.7 kB, so there are not as many.
const MOST_ACTORS: usize = 100_000;

const SUBSCRIBERS: [u64; 6] = [1, 4, 16, 64, 256, 1024];

/// What an operation costs, from one Worker to a million.
#[must_use]
pub fn against_workers() -> Plot {
    let names = ["get_worker", "update_worker", "send_input", "list_workers, 100", "get_overview"];
    let mut curves: Vec<Curve> = names
        .iter()
        .chain(&["kameo ask"])
        .map(|name| Curve { name: (*name).to_owned(), points: Vec::new() })
        .collect();
    let mut host = brief(0);
    for count in WORKERS {
        host.grow(count);
        let costs = compare([
            side(&host, async |it, worker| drop(black_box(it.handle(GetWorker { worker }).await))),
            {
                let mut odd = false;
                side(&host, move |it, worker| {
                    odd = !odd;
                    let name = Some(if odd { "odd" } else { "even" }.to_owned());
                    let update = UpdateWorker { display_name: name, ..UpdateWorker::of(worker) };
                    async move { drop(black_box(it.handle(update).await)) }
                })
            },
            inputs(&host),
            side(&host, async |it, _| drop(black_box(it.handle(page()).await))),
            side(&host, async |it, _| drop(black_box(it.handle(GetOverview::default()).await))),
        ]);
        let actors = (count <= MOST_ACTORS).then(|| asking(&host, count));
        for (curve, cost) in curves.iter_mut().zip(costs.into_iter().chain(actors)) {
            curve.points.push((count as f64, cost));
        }
    }
    Plot {
        title: "What an operation costs, on Workers taken at random".to_owned(),
        x: "Workers".to_owned(),
        y: "ns".to_owned(),
        curves,
    }
}

fn page() -> ListWorkers {
    let page = PageRequest { limit: Some(100), token: None };
    ListWorkers { page: Some(page), ..ListWorkers::default() }
}

/// The `nth` of a walk that is far from one Worker to the next.
fn scattered(workers: &[WorkerRef], nth: u64) -> WorkerRef {
    workers[usize::try_from(nth * 7919 % workers.len() as u64).unwrap_or_default()]
}

fn side<'a, F: Future<Output = ()>>(
    host: &'a Host,
    mut operation: impl FnMut(&'a worker_runtime::Runtime, WorkerRef) -> F + 'a,
) -> Side<'a> {
    let mut at = 0;
    Side::new(move |n| {
        on_thread(|| {
            host.tokio.block_on(async {
                for _ in 0..n {
                    at += 1;
                    operation(&host.runtime, scattered(&host.workers, at)).await;
                }
            });
        })
    })
}

/// Inputs to as many Workers as there are, but at most 64, before their turns run.
fn inputs(host: &Host) -> Side<'_> {
    let unit = host.workers.len().min(64) as u64;
    let mut at = 0;
    Side::in_units(unit, move |n| {
        let burst = |at: &mut u64| {
            let took = on_thread(|| {
                host.tokio.block_on(async {
                    for _ in 0..unit {
                        *at += 1;
                        say(&host.runtime, scattered(&host.workers, *at)).await;
                    }
                });
            });
            host.drain();
            took
        };
        (0..n / unit).map(|_| burst(&mut at)).sum()
    })
}

fn asking(host: &Host, count: usize) -> f64 {
    let actors = host.tokio.block_on(Kameo::start_all(count));
    let mut at: usize = 0;
    let [cost] = compare([Side::new(|n| {
        on_thread(|| {
            host.tokio.block_on(async {
                for _ in 0..n {
                    at += 1;
                    ask(&actors[at * 7919 % count]).await;
                }
            });
        })
    })]);
    cost
}

/// How many events reach their subscribers in a second, from one subscriber to a thousand.
#[must_use]
pub fn against_subscribers() -> Plot {
    let mut ours = Curve { name: "Runtime".to_owned(), points: Vec::new() };
    let mut other = Curve { name: "tokio broadcast".to_owned(), points: Vec::new() };
    for subscribers in SUBSCRIBERS {
        let [one, two] = deliveries(subscribers);
        ours.points.push((subscribers as f64, 1e9 / one));
        other.points.push((subscribers as f64, 1e9 / two));
    }
    Plot {
        title: format!("Deliveries to subscribers, in bursts of {BURST} events"),
        x: "subscribers".to_owned(),
        y: "deliveries a second".to_owned(),
        curves: vec![ours, other],
    }
}
