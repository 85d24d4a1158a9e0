//! A clock that a test advances, and ids in order. Both can be made to panic.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;
use worker_runtime::{Clock, IdSource};

/// The time at which every test begins.
pub(crate) const BEGIN_MS: u64 = 1_700_000_000_000;

/// A wall clock that only a test advances.
#[derive(Debug)]
pub(crate) struct TestClock {
    now_ms: AtomicU64,
    pub(crate) panics: Panics,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { now_ms: AtomicU64::new(BEGIN_MS), panics: Panics::default() }
    }
}

impl TestClock {
    pub(crate) fn advance(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.panics.come_up();
        self.now_ms.load(Ordering::SeqCst)
    }
}

/// UUIDs in order, beginning with 1.
#[derive(Debug, Default)]
pub(crate) struct CountedIds {
    given: AtomicU64,
    pub(crate) panics: Panics,
}

impl CountedIds {
    /// The number of ids so far.
    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::SeqCst)
    }
}

impl IdSource for CountedIds {
    fn next(&self, _: u64) -> Uuid {
        self.panics.come_up();
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u128(0x018b_cfe5_6800_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

/// The number of the next calls that panic.
#[derive(Debug, Default)]
pub(crate) struct Panics(AtomicU64);

impl Panics {
    pub(crate) fn next(&self, calls: u64) {
        self.0.store(calls, Ordering::SeqCst);
    }

    fn come_up(&self) {
        let order = Ordering::SeqCst;
        let is_due = self.0.fetch_update(order, order, |left| left.checked_sub(1));
        assert!(is_due.is_err(), "a clock or an id source of the Backend's panics");
    }
}
