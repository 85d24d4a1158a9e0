//! The read of one Worker, compared with a concurrent map and actors.

use std::{hint::black_box, sync::Arc};

use dashmap::DashMap;
use worker_runtime::{WorkerId, model::WorkerDetail, queries::GetWorker};

use crate::{
    harness::{Side, compare, numbers, on_thread},
    host::{Host, ask},
    peers::{Actix, Kameo},
    table::Row,
};

const WORKERS: usize = 100;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let host = Host::new(WORKERS);
    let Host { tokio, runtime, workers } = &host;
    let details: DashMap<WorkerId, Arc<WorkerDetail>> = DashMap::new();
    for &worker in workers {
        let reply = tokio.block_on(runtime.handle(GetWorker { worker })).expect("a Worker");
        details.insert(worker.worker_id, reply.detail.into());
    }
    let kameo = tokio.block_on(Kameo::start(WORKERS));
    let system = actix::System::new();
    let actix = system.block_on(async { Actix::start(WORKERS) });
    let [ours, map, kameo, actix] = compare([
        Side::each(tokio, async |nth| {
            ask(runtime, GetWorker { worker: workers[nth % WORKERS] }).await;
        }),
        Side::each(tokio, async |nth| {
            let detail = details.get(&workers[nth % WORKERS].worker_id);
            black_box(detail.map(|detail| Arc::clone(&detail)));
        }),
        Side::each(tokio, async |nth| Kameo::ask(&kameo[nth % WORKERS]).await),
        Side::timed(1, |count| {
            on_thread(|| {
                system.block_on(async {
                    for nth in numbers(count) {
                        Actix::ask(&actix[nth % WORKERS]).await;
                    }
                });
            })
        }),
    ]);
    vec![
        Row::absolute("`get_worker`", ours, "µs", 0.5),
        Row::orientation("`get_worker`", ours, "`DashMap<Id, Arc<Detail>>`", map),
        Row::orientation("`get_worker`", ours, "kameo, an ask", kameo),
        Row::orientation("`get_worker`", ours, "actix, a send", actix),
    ]
}
