//! A page of the list of Workers: of few Workers and of many, filtered and not filtered.

use worker_runtime::{
    commands::{StopWorker, UpdateWorker},
    model::{Labels, PageRequest, WorkerState},
    queries::ListWorkers,
};

use crate::{
    harness::{Side, compare},
    host::{Host, ask},
    table::Row,
};

const PAGE: u64 = 256;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let mut rows = vec![cold()];
    rows.extend(filtered());
    rows
}

/// Measures pages of a million Workers. Each page is far from the previous one, so that no cache
/// holds it.
fn cold() -> Row {
    let (many, few) = (Host::new(1_000_000), Host::new(1_000));
    let [ours, other] = compare([pages(&many), pages(&few)]);
    let what = format!("`list_workers`, a cold page of {PAGE} of 1,000,000");
    Row::ratio(what, ours, "of 1,000", other, 4.0)
}

fn pages(host: &Host) -> Side<'_> {
    let tokens = tokens(host);
    let stride = 1 + tokens.len() * 5 / 13;
    let mut at = 0;
    Side::each(&host.tokio, async move |_| {
        at = (at + stride) % tokens.len();
        ask(&host.runtime, query(tokens[at].clone())).await;
    })
}

/// Returns the tokens of all full pages.
fn tokens(host: &Host) -> Vec<Option<String>> {
    let mut tokens = vec![None];
    host.tokio.block_on(async {
        while let Some(token) = tokens.last() {
            let page = host.runtime.handle(query(token.clone())).await.expect("a page");
            if page.next.is_none() {
                break;
            }
            tokens.push(page.next);
        }
    });
    // The last page may be short.
    tokens.pop();
    tokens
}

fn query(token: Option<String>) -> ListWorkers {
    let page = PageRequest { limit: Some(PAGE), token };
    ListWorkers { page: Some(page), ..ListWorkers::default() }
}

/// Measures pages of filtered lists, compared with a page of all Workers.
fn filtered() -> Vec<Row> {
    let host = Host::new(100_000);
    prepare(&host);
    let states = Some(vec![WorkerState::Stopped]);
    let labels = Some(Labels::from([("team".to_owned(), "blue".to_owned())]));
    let all = query(None);
    let [by_state, by_label, by_both, other] = compare([
        full_page(&host, ListWorkers { states: states.clone(), ..all.clone() }),
        full_page(&host, ListWorkers { labels: labels.clone(), ..all.clone() }),
        full_page(&host, ListWorkers { states, labels, ..all.clone() }),
        full_page(&host, all),
    ]);
    let row = |by: &str, ours| {
        let what = format!("`list_workers`, a page of {PAGE} by {by} of 100,000");
        Row::ratio(what, ours, "not filtered", other, 2.0)
    };
    vec![
        row("a state of 1 %", by_state),
        row("a label of 1 %", by_label),
        row("both, of 0.5 %", by_both),
    ]
}

/// Labels a hundredth of all Workers, and stops a hundredth. Half of the stopped Workers are
/// labelled.
fn prepare(host: &Host) {
    host.tokio.block_on(async {
        for &worker in host.workers.iter().step_by(100) {
            let labels = Labels::from([("team".to_owned(), "blue".to_owned())]);
            let update = UpdateWorker { labels: Some(labels), ..UpdateWorker::new(worker) };
            ask(&host.runtime, update).await;
        }
        let others = host.workers.iter().skip(50).step_by(200);
        for &worker in host.workers.iter().step_by(200).chain(others) {
            ask(&host.runtime, StopWorker::new(worker)).await;
        }
    });
}

fn full_page(host: &Host, query: ListWorkers) -> Side<'_> {
    let page = host.tokio.block_on(host.runtime.handle(query.clone())).expect("a page");
    assert_eq!(page.items.len() as u64, PAGE, "the page is full: {query:?}");
    host.asking(query)
}
