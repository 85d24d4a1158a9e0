//! Line 1: reading one Worker, beside a concurrent map and actors.

use std::{hint::black_box, sync::Arc};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use worker_runtime::{WorkerId, model::WorkerDetail, queries::GetWorker};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::Host,
    peers::{Actix, Kameo, ask, send},
    row::{Goal, Row},
};

/// Measures line 1.
pub fn run(rows: &mut Vec<Row>) {
    for count in [1, 100] {
        measure(count, rows);
    }
}

fn measure(count: usize, rows: &mut Vec<Row>) {
    let host = Host::new(count);
    let Host { tokio, runtime, workers } = &host;
    let system = actix::System::new();
    let actix = system.block_on(async { Actix::start_all(count) });
    let kameo = tokio.block_on(Kameo::start_all(count));
    let details: DashMap<WorkerId, WorkerDetail, RandomState> = DashMap::default();
    let shared: DashMap<WorkerId, Arc<WorkerDetail>, RandomState> = DashMap::default();
    tokio.block_on(async {
        for &worker in workers {
            let detail = runtime.handle(GetWorker { worker }).await.expect("a Worker").detail;
            details.insert(worker.worker_id, WorkerDetail::clone(&detail));
            shared.insert(worker.worker_id, detail.into());
        }
    });
    let nth = |n: u64| usize::try_from(n).unwrap_or_default() * 7 % count;
    let [ours, by_value, by_arc, kameo, actix] = compare([
        Side::new(|n| {
            on_thread(|| {
                tokio.block_on(async {
                    for i in 0..n {
                        let _ =
                            black_box(runtime.handle(GetWorker { worker: workers[nth(i)] }).await);
                    }
                });
            })
        }),
        Side::new(|n| {
            on_thread(|| {
                for i in 0..n {
                    black_box(details.get(&workers[nth(i)].worker_id).map(|it| it.clone()));
                }
            })
        }),
        Side::new(|n| {
            on_thread(|| {
                for i in 0..n {
                    black_box(shared.get(&workers[nth(i)].worker_id).map(|it| Arc::clone(&it)));
                }
            })
        }),
        Side::new(|n| {
            on_thread(|| {
                tokio.block_on(async {
                    for i in 0..n {
                        ask(&kameo[nth(i)]).await;
                    }
                });
            })
        }),
        Side::new(|n| {
            on_thread(|| {
                system.block_on(async {
                    for i in 0..n {
                        send(&actix[nth(i)]).await;
                    }
                });
            })
        }),
    ]);
    let name = format!("1 get_worker, {count} Workers, ns");
    rows.extend([
        Row::new(&name, ours, "dashmap, a detail cloned", by_value, Goal::AtMost(2.0)),
        Row::new(&name, ours, "dashmap, an `Arc` cloned", by_arc, Goal::Reported),
        Row::new(&name, ours, "kameo ask", kameo, Goal::TimesAsFast(5.0)),
        Row::new(&name, ours, "actix send", actix, Goal::TimesAsFast(2.0)),
    ]);
}
