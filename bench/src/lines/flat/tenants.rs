//! What a tenant waits for, whoever else is there: a Worker of another one beside one that never was,
//! and its lists among the Workers of others.

use worker_runtime::{
    RuntimeError, TenantRuntime, WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput},
    queries::{GetOverview, GetWorker, ListWorkers},
};

use super::SAME;
use crate::{
    harness::{Side, compare},
    host::Host,
    table::Row,
};

/// The largest allowed ratio of what two refusals cost that nobody should tell apart: far less than
/// what a network adds.
const ALIKE: f64 = 1.5;

/// The number of the Workers of the tenant that asks.
const OWN: usize = 1_000;

/// Creates a Runtime with `OWN` Workers of the tenant `acme` and `others` of another tenant.
fn host(others: usize) -> (Host, WorkerRef) {
    let host = Host::new(0);
    let mut last = None;
    host.tokio.block_on(async {
        for (tenant, count) in [("acme", OWN), ("rival", others)] {
            let tenant = host.runtime.tenant(tenant);
            for _ in 0..count {
                let created = tenant.handle(CreateWorker::new()).await;
                last = Some(created.expect("a Worker").detail.worker);
            }
        }
    });
    (host, last.expect("a Worker"))
}

/// Creates a side that asks for a Worker which the tenant does not find.
fn missing<'a>(host: &'a Host, tenant: &'a TenantRuntime, worker: WorkerRef) -> Side<'a> {
    Side::each(&host.tokio, async move |_| {
        let found = tenant.handle(GetWorker::new(worker)).await;
        assert!(matches!(found, Err(RuntimeError::WorkerNotFound {})), "it is not the tenant's");
        let sent = tenant.handle(SendInput::new(worker, "hi")).await;
        assert!(matches!(sent, Err(RuntimeError::WorkerNotFound {})), "it is not the tenant's");
    })
}

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let ((among_many, foreign), (alone, _)) = (host(100_000), host(0));
    let (many, few) = (among_many.runtime.tenant("acme"), alone.runtime.tenant("acme"));
    let nobody = WorkerRef { worker_id: WorkerId::NIL, ..foreign };
    let asked =
        compare([missing(&among_many, &many, foreign), missing(&among_many, &many, nobody)]);
    let overview = |host, tenant: &TenantRuntime| {
        let tenant = tenant.clone();
        let ask = async move |_| drop(tenant.handle(GetOverview::new()).await.expect("a reply"));
        Side::each(host, ask)
    };
    let list = |host, tenant: &TenantRuntime| {
        let tenant = tenant.clone();
        let ask = async move |_| drop(tenant.handle(ListWorkers::new()).await.expect("a reply"));
        Side::each(host, ask)
    };
    let row = |query: &str, [ours, other]: [f64; 2]| {
        let what = format!("{query} of a tenant, among 100,000 Workers of others");
        Row::ratio(what, ours, "alone", other, SAME)
    };
    let (of_many, of_few) = (&among_many.tokio, &alone.tokio);
    vec![
        Row::ratio(
            "a query and a command about another tenant's Worker",
            asked[0],
            "about one that never was",
            asked[1],
            ALIKE,
        ),
        row("`get_overview`", compare([overview(of_many, &many), overview(of_few, &few)])),
        row("`list_workers`", compare([list(of_many, &many), list(of_few, &few)])),
    ]
}
