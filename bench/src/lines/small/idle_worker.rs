//! The memory of a Worker that never ran a turn, after Workers were listed by activity.

use worker_runtime::queries::GetOverview;

use crate::{
    host::{Host, ask},
    lines::count::Count,
    table::Row,
};

const FEW: usize = 100_000;
const MANY: usize = 1_000_000;

/// Counts the line.
pub fn count(count: Count) -> Row {
    let mut host = Host::new(FEW);
    let list = |host: &Host| host.tokio.block_on(ask(&host.runtime, GetOverview::default()));
    list(&host);
    host.workers.reserve_exact(MANY - FEW);
    let bytes = count(&mut || {
        host.grow(MANY);
        list(&host);
    });
    let each = bytes / (MANY - FEW) as f64;
    Row::absolute("an idle Worker of 1,000,000", each, "bytes", 512.0)
}
