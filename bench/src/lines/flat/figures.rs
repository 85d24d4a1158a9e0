//! The queries for the figures of the whole Runtime, with few Workers and with many.

use worker_runtime::{
    Scope,
    queries::{GetOverview, GetRuntime, GetUsage},
};

use super::SAME;
use crate::{harness::compare, host::Host, table::Row};

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let (many, few) = (Host::new(1_000_000), Host::new(1_000));
    let row = |query: &str, [ours, other]: [f64; 2]| {
        Row::ratio(format!("{query}, 1,000,000 Workers"), ours, "1,000 Workers", other, SAME)
    };
    let overview = GetOverview::default();
    let usage = GetUsage::new(Scope::runtime());
    vec![
        row("`get_overview`", compare([many.asking(overview.clone()), few.asking(overview)])),
        row("`get_runtime`", compare([many.asking(GetRuntime {}), few.asking(GetRuntime {})])),
        row("`get_usage`", compare([many.asking(usage.clone()), few.asking(usage)])),
    ]
}
