//! What a Worker costs that never ran a turn.

use worker_runtime::queries::GetOverview;

use crate::{host::Host, memory::Count};

const FEW: usize = 100_000;
const MANY: usize = 1_000_000;

/// Bytes of an idle Worker, before and after Workers were listed by activity.
pub(crate) fn workers(count: Count) -> (f64, f64) {
    (grow(count, false), grow(count, true))
}

fn grow(count: Count, listed: bool) -> f64 {
    let mut host = Host::new(FEW);
    let list = |host: &Host| {
        if listed {
            host.tokio.block_on(host.runtime.handle(GetOverview::default())).expect("an overview");
        }
    };
    list(&host);
    host.workers.reserve_exact(MANY - FEW);
    let bytes = count(&mut || {
        host.grow(MANY);
        list(&host);
    });
    bytes / (MANY - FEW) as f64
}
