//! The creation of a Worker under an idempotency key, among few keys and among many.

use worker_runtime::commands::CreateWorker;

use super::SAME;
use crate::{
    harness::{Side, compare, numbers, on_thread},
    host::{Host, ask},
    table::Row,
};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let (mut many, mut kept) = (Keys::new(MANY), Vec::new());
    let [ours, other] = compare([
        Side::timed(FEW as u64, |count| on_thread(|| many.create(numbers(count).end))),
        // Each round has a new Runtime, so that its keys stay few. The Runtime is kept, so that
        // both sides take new memory from the system.
        Side::timed(FEW as u64, |count| {
            let mut few = Keys::new(FEW);
            let took = on_thread(|| few.create(numbers(count).end));
            kept.push(few);
            took
        }),
    ]);
    vec![Row::ratio("a keyed creation among 1,000,000", ours, "among 1,000", other, SAME)]
}

/// A Runtime whose Workers were all created under a key.
struct Keys {
    host: Host,
    given: usize,
}

impl Keys {
    fn new(count: usize) -> Self {
        let mut keys = Self { host: Host::new(0), given: 0 };
        keys.create(count);
        keys
    }

    fn create(&mut self, count: usize) {
        let Self { host, given } = self;
        host.tokio.block_on(async {
            for _ in 0..count {
                *given += 1;
                let idempotency_key = Some(format!("key-{given}"));
                let create = CreateWorker { idempotency_key, ..CreateWorker::default() };
                ask(&host.runtime, create).await;
            }
        });
    }
}
