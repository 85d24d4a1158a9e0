//! Who has got everything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Who has got everything. Counted in two halves, so that two threads seldom count the same one.
#[derive(Debug)]
pub(super) struct Served {
    halves: [Half; 2],
    halves_missing: AtomicU64,
    last: Mutex<Option<Instant>>,
    all: Notify,
}

/// On a cache line of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Half {
    expected: u64,
    missing: AtomicU64,
}

impl Half {
    fn of(expected: u64) -> Self {
        Self { expected, missing: AtomicU64::new(expected) }
    }
}

impl Served {
    pub(super) fn by(readers: u64) -> Arc<Self> {
        let halves = [Half::of(readers - readers / 2), Half::of(readers / 2)];
        let halves_missing =
            AtomicU64::new(halves.iter().filter(|it| it.expected > 0).count() as u64);
        Arc::new(Self { halves, halves_missing, last: Mutex::new(None), all: Notify::new() })
    }

    /// This reader has everything.
    pub(super) fn one_more(&self, reader: u64) {
        let first = self.halves[0].expected;
        let half = &self.halves[usize::from(reader >= first)];
        if half.missing.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        half.missing.store(half.expected, Ordering::Release);
        if self.halves_missing.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let halves = self.halves.iter().filter(|it| it.expected > 0).count();
        self.halves_missing.store(halves as u64, Ordering::Release);
        *self.last.lock() = Some(Instant::now());
        self.all.notify_one();
    }

    /// Waits for the last; when that was.
    pub(super) async fn everybody(&self) -> Instant {
        self.all.notified().await;
        self.last.lock().take().expect("the last one tells when")
    }
}
