//! Line 8: a page of the list, few Workers and many, hot and cold, filtered and not.

use std::hint::black_box;

use worker_runtime::{
    commands::{StopWorker, UpdateWorker},
    model::{LabelPatch, Labels, PageRequest, WorkerState},
    queries::{ListWorkers, WorkerOrder},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::Host,
    row::{Goal, Row},
};

const PAGE: u64 = 256;
const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// Measures line 8.
pub fn run(rows: &mut Vec<Row>) {
    let few = Host::new(FEW);
    let many = Host::new(MANY);
    prepare(&many);
    prepare(&few);
    for order in [WorkerOrder::Oldest, WorkerOrder::Newest] {
        let pages = tokens(&many, order);
        let middle = [pages[pages.len() / 2].clone()];
        let few_pages = tokens(&few, order);
        let few_middle = [few_pages[few_pages.len() / 2].clone()];
        let [repeated, cold, other] = compare([
            pages_side(&many, order, &middle),
            pages_side(&many, order, &pages),
            pages_side(&few, order, &few_middle),
        ]);
        let name = |what: &str| format!("8 list_workers({PAGE}), {order:?}, {what} of {MANY}, ns");
        let against = format!("of {FEW}");
        rows.push(Row::new(name("a repeated page"), repeated, &against, other, Goal::AtMost(1.5)));
        rows.push(Row::new(name("a cold page"), cold, &against, other, Goal::AtMost(4.0)));
    }
    let stopped = Some(vec![WorkerState::Stopped]);
    let labels = Some(Labels::from([("team".to_owned(), "blue".to_owned())]));
    let queries = [
        ("by a rare state", ListWorkers { states: stopped.clone(), ..query(None) }),
        ("by a 1 % label", ListWorkers { labels: labels.clone(), ..query(None) }),
        ("by both", ListWorkers { states: stopped, labels, ..query(None) }),
    ];
    let [state, label, both] = queries.each_ref().map(|(_, it)| side(&many, it.clone()));
    let [state, label, both, other] = compare([state, label, both, side(&many, query(None))]);
    for ((what, _), ours) in queries.iter().zip([state, label, both]) {
        let name = format!("8 list_workers({PAGE}), {what}, {MANY} Workers, ns");
        rows.push(Row::new(name, ours, "unfiltered", other, Goal::AtMost(2.0)));
    }
}

/// Labels one in a hundred, and stops one in five hundred, half of which are labelled.
fn prepare(host: &Host) {
    host.tokio.block_on(async {
        for &worker in host.workers.iter().step_by(100) {
            let labels = LabelPatch::from([("team".to_owned(), Some("blue".to_owned()))]);
            let update = UpdateWorker { labels: Some(labels), ..UpdateWorker::of(worker) };
            host.runtime.handle(update).await.expect("an update");
        }
        let others = host.workers.iter().skip(50).step_by(1_000);
        for &worker in host.workers.iter().step_by(1_000).chain(others) {
            let stop = StopWorker { worker, deadline_ms: None, reason: None, meta: None };
            host.runtime.handle(stop).await.expect("a stop");
        }
    });
}

/// Asks for a page.
#[must_use]
pub fn query(token: Option<String>) -> ListWorkers {
    let page = PageRequest { limit: Some(PAGE), token };
    ListWorkers { page: Some(page), ..ListWorkers::default() }
}

/// The tokens of all whole pages after the first, scattered: each is far from the one before.
#[must_use]
pub fn tokens(host: &Host, order: WorkerOrder) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut next = None;
    host.tokio.block_on(async {
        loop {
            let query = ListWorkers { order: Some(order), ..query(next.take()) };
            let page = host.runtime.handle(query).await.expect("a page");
            match page.next {
                Some(token) => tokens.push(token.clone()),
                None => break,
            }
            next = tokens.last().cloned();
        }
    });
    // The last page may be short.
    tokens.pop();
    let stride = 1 + tokens.len() * 5 / 13;
    (0..tokens.len()).map(|at| tokens[at * stride % tokens.len()].clone()).collect()
}

/// These pages in turn.
fn pages_side<'a>(host: &'a Host, order: WorkerOrder, tokens: &'a [String]) -> Side<'a> {
    let mut tokens = tokens.iter().cycle();
    Side::new(move |n| {
        let queries: Vec<ListWorkers> = tokens
            .by_ref()
            .take(usize::try_from(n).unwrap_or_default())
            .map(|token| ListWorkers { order: Some(order), ..query(Some(token.clone())) })
            .collect();
        on_thread(|| {
            host.tokio.block_on(async {
                for query in queries {
                    let _ = black_box(host.runtime.handle(query).await);
                }
            });
        })
    })
}

fn side(host: &Host, query: ListWorkers) -> Side<'_> {
    let page = host.tokio.block_on(host.runtime.handle(query.clone())).expect("a page");
    assert_eq!(page.items.len() as u64, PAGE, "{query:?}");
    Side::new(move |n| {
        on_thread(|| {
            host.tokio.block_on(async {
                for _ in 0..n {
                    let _ = black_box(host.runtime.handle(query.clone()).await);
                }
            });
        })
    })
}
