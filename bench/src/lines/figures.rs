//! Line 7: figures of the whole Runtime, small and large.

use std::hint::black_box;

use worker_runtime::{
    Scope,
    queries::{GetOverview, GetRuntime, GetUsage},
};

use crate::{
    clock::on_thread,
    harness::{Side, compare},
    host::Host,
    row::{Goal, Row},
};

const FEW: usize = 100;
const MANY: usize = 1_000_000;

macro_rules! side {
    ($host:expr, $query:expr) => {
        Side::new(|n| {
            on_thread(|| {
                $host.tokio.block_on(async {
                    for _ in 0..n {
                        let _ = black_box($host.runtime.handle($query).await);
                    }
                });
            })
        })
    };
}

/// Measures line 7.
pub fn run(rows: &mut Vec<Row>) {
    let few = Host::new(FEW);
    let many = Host::new(MANY);
    let mut row = |name: &str, [ours, other]: [f64; 2]| {
        let name = format!("7 {name}, {MANY} Workers, ns");
        rows.push(Row::new(name, ours, format!("{FEW} Workers"), other, Goal::AtMost(1.2)));
    };
    let overview = GetOverview::default();
    row("get_overview", compare([side!(many, overview), side!(few, overview)]));
    row("get_runtime", compare([side!(many, GetRuntime {}), side!(few, GetRuntime {})]));
    let usage = GetUsage { scope: Scope::runtime() };
    row("get_usage", compare([side!(many, usage), side!(few, usage)]));
}
