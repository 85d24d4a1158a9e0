//! A clock that jumps.

use worker_runtime::{Clock, SystemClock};

/// The system's clock, which now and then jumps an hour, stands at 0 or is past every range.
#[derive(Debug)]
pub(crate) struct HostileClock;

impl Clock for HostileClock {
    fn now_ms(&self) -> u64 {
        let now = SystemClock.now_ms();
        match fastrand::u32(..1000) {
            0 => 0,
            1 => u64::MAX,
            2 => now.saturating_sub(3_600_000),
            3 => now + 3_600_000,
            _ => now,
        }
    }
}
