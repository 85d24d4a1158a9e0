//! Sources of time and ids, which a test can replace.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use uuid::{Builder, Uuid};

/// A source of wall-clock time. Deadlines do not use it; they run on tokio's clock.
///
/// The clock is read while a Worker's lock is held, so it must not call the Runtime.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch, below 2^53.
    fn now_ms(&self) -> u64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "every clock is bounded where it is used")]
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A Backend's clock, whose time is at most the largest integer on the wire.
pub(crate) struct BoundedClock(pub(crate) Arc<dyn Clock>);

impl Clock for BoundedClock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms().min((1 << 53) - 1)
    }
}

/// A source of new ids, which must be unique across machines and time.
///
/// A source must not call the Runtime, which waits for the id.
pub trait IdSource: Send + Sync + 'static {
    /// A new UUID, made at `now_ms`.
    fn next(&self, now_ms: u64) -> Uuid;
}

/// The source of UUIDs of version 7: ordered by the millisecond in which they were made, and random
/// otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7;

impl IdSource for UuidV7 {
    fn next(&self, now_ms: u64) -> Uuid {
        // A random UUID supplies the ten bytes that are not the time; the builder sets version and
        // variant. Ids of one millisecond are in no order: threads that make ids share nothing.
        let [_, _, _, _, _, _, random @ ..] = Uuid::new_v4().into_bytes();
        Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Variant;

    use super::*;

    #[test]
    fn new_ids_are_of_version_7_and_bear_their_time() {
        for now_ms in [0, 1, 1_763_800_000_123, (1 << 48) - 1] {
            let id = UuidV7.next(now_ms);
            assert_eq!((id.get_version_num(), id.get_variant()), (7, Variant::RFC4122));
            let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
            assert_eq!(seconds * 1000 + u64::from(nanos) / 1_000_000, now_ms);
            assert_ne!(id, UuidV7.next(now_ms));
        }
    }
}
