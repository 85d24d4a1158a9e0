//! Line 14: a question from JSON to JSON, beside reading and writing alone.

use std::hint::black_box;

use worker_runtime::{Decode, QueryReply, RuntimeQuery, queries::GetWorker};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::Host,
    row::{Goal, Row},
};

/// Measures line 14.
pub fn run(rows: &mut Vec<Row>) {
    let Host { tokio, runtime, workers } = &Host::new(100);
    let query = RuntimeQuery::GetWorker(GetWorker { worker: workers[50] });
    let json = serde_json::to_vec(&query).expect("JSON");
    let reply = tokio.block_on(runtime.handle(query)).expect("a Worker");
    let most = runtime.limits().request_bytes;
    let [ours, other] = compare([
        Side::new(|n| {
            on_thread(|| {
                tokio.block_on(async {
                    for _ in 0..n {
                        let query = RuntimeQuery::decode(black_box(&json), most).expect("a query");
                        let reply: QueryReply = runtime.handle(query).await.expect("a Worker");
                        black_box(serde_json::to_vec(&reply).expect("JSON"));
                    }
                });
            })
        }),
        Side::new(|n| {
            on_thread(|| {
                for _ in 0..n {
                    let query = serde_json::from_slice::<RuntimeQuery>(black_box(&json));
                    let _ = black_box(query);
                    black_box(serde_json::to_vec(&reply).expect("JSON"));
                }
            })
        }),
    ]);
    let name = "14 get_worker from JSON to JSON, ns";
    rows.push(Row::new(name, ours, "serde_json alone", other, Goal::AtMost(1.3)));
}
