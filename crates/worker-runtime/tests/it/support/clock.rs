//! Time that a test moves, and ids that are counted.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;
use worker_runtime::{Clock, IdSource};

/// Where every test's time begins.
pub(crate) const BEGIN_MS: u64 = 1_700_000_000_000;

/// Wall-clock time that only moves when it is told to.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicU64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicU64::new(BEGIN_MS))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// UUIDs in order, beginning with 1.
#[derive(Debug, Default)]
pub(crate) struct CountedIds(AtomicU64);

impl CountedIds {
    /// How many ids were given out.
    pub(crate) fn given(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl IdSource for CountedIds {
    fn next(&self, _: u64) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u128(0x018b_cfe5_6800_7000_8000_0000_0000_0000 + u128::from(number))
    }
}
