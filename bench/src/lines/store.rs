//! Line 17: what the seam between the Runtime and its store costs, and the built-in store itself.

use std::{
    hint::black_box,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use parking_lot::Mutex;
use worker_runtime::{
    Runtime,
    store::{Batch, MemoryStore, Store, StoreError, StoreFuture},
};

use super::send_input;
use crate::{
    accepting::Accepting,
    clock::on_thread,
    harness::{Side, compare},
    host::{self, Host, brief, say},
    row::{Goal, Row},
    shelves::Shelves,
};

/// Measures line 17.
pub fn run(rows: &mut Vec<Row>) {
    let store = Arc::new(Accepting::default());
    let batch = an_input(&store);
    let host = brief(send_input::WORKERS);
    let mut one = Shelves::new(MemoryStore::new(), &batch, 1);
    let mut many = Shelves::new(MemoryStore::new(), &batch, 100_000);
    let unit = send_input::WORKERS as u64;
    let [whole, seam, direct, with_one, with_many] = compare([
        Side::in_units(unit, |n| (0..n / unit).map(|_| send_input::on_one_thread(&host)).sum()),
        Side::new(|n| on_thread(|| through_the_seam(black_box(&*store), &batch, n))),
        Side::new(|n| on_thread(|| directly(&store, &batch, n))),
        Side::new(|n| one.commit(n)),
        Side::new(|n| many.commit(n)),
    ]);
    let mut row =
        |name: &str, ours, goal| rows.push(Row::new(name, ours, "send_input", whole, goal));
    row("17 permit, trait and relock, rebuilt, ns", seam - direct, Goal::AtMost(0.1));
    row("17 MemoryStore, an input, 1 Worker, ns", with_one, Goal::Reported);
    row("17 MemoryStore, an input, 100000 Workers, ns", with_many, Goal::Reported);
}

/// The batch of an input.
fn an_input(store: &Arc<Accepting>) -> Batch {
    let builder = Runtime::builder().store(Arc::clone(store) as Arc<dyn Store>);
    let host = Host::on(host::current_thread(), builder, 1);
    host.tokio.block_on(say(&host.runtime, host.workers[0]));
    store.input().expect("an input").clone()
}

/// What a commit goes through: a permit, a trait object that may panic, and the lock once more.
fn through_the_seam(store: &dyn Store, batch: &Batch, count: u64) {
    let cell = Mutex::new(false);
    for _ in 0..count {
        {
            let mut committing = black_box(&cell).lock();
            assert!(!*committing, "nobody else commits");
            *committing = true;
        }
        let answer = catch_unwind(AssertUnwindSafe(|| store.commit(batch)));
        match answer.unwrap_or_else(|_| StoreFuture::ready(Err(StoreError::LeaseLost))) {
            StoreFuture::Ready(answer) => assert!(matches!(answer, Some(Ok(()))), "accepted"),
            StoreFuture::Pending(_) => unreachable!("the store answers at once"),
        }
        *black_box(&cell).lock() = false;
    }
}

/// The same without a seam: the store is called under the lock.
fn directly(store: &Accepting, batch: &Batch, count: u64) {
    let cell = Mutex::new(false);
    for _ in 0..count {
        let mut committing = black_box(&cell).lock();
        *committing = true;
        store.accept(batch);
    }
}
