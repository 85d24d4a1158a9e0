//! Where time and ids come from, so that a test can decide both.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use uuid::{ContextV7, Timestamp, Uuid};

/// Wall-clock time. Deadlines do not use it: they run on tokio's clock. It is read under a Worker's
/// lock, so it must not call the Runtime.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch, below 2^53.
    fn now_ms(&self) -> u64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Where new ids come from. They must be unique across machines and time. It is asked under a
/// Worker's lock, so it must not call the Runtime.
pub trait IdSource: Send + Sync + 'static {
    /// A new UUID, made at `now_ms`.
    fn next(&self, now_ms: u64) -> Uuid;
}

/// UUIDs of version 7: ordered by the time they were made, random otherwise.
#[derive(Default)]
pub struct UuidV7 {
    context: parking_lot::Mutex<ContextV7>,
}

impl IdSource for UuidV7 {
    fn next(&self, now_ms: u64) -> Uuid {
        let nanos = u32::try_from(now_ms % 1000 * 1_000_000).unwrap_or_default();
        let context = self.context.lock();
        Uuid::new_v7(Timestamp::from_unix(&*context, now_ms / 1000, nanos))
    }
}

impl fmt::Debug for UuidV7 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UuidV7").finish_non_exhaustive()
    }
}
