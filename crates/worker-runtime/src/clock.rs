//! Sources of time and ids, which a test can replace.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use uuid::{Builder, Uuid};

use crate::sync::{Foreign, contained};

/// A source of wall-clock time. Deadlines do not use it; they run on tokio's clock.
///
/// A clock that panics costs the request that asked for the time, which fails with `internal` and
/// changes nothing. What the Runtime does by itself then uses the last time that the clock gave. A
/// clock must not wait for the Runtime, which waits for the time.
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

/// A source of new ids, which must be unique across machines and time.
///
/// A source that panics costs the request that asked for an id. A source must not wait for the
/// Runtime, which waits for the id.
///
/// [`Uuid`](crate::Uuid) is in this crate as well, so that a source needs no dependency on `uuid`:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use worker_runtime::{IdSource, Uuid};
///
/// /// Ids of a test: the time, and a number that grows.
/// struct Numbered(AtomicU64);
///
/// impl IdSource for Numbered {
///     fn next(&self, now_ms: u64) -> Uuid {
///         Uuid::from_u64_pair(now_ms, self.0.fetch_add(1, Ordering::Relaxed))
///     }
/// }
///
/// let ids = Numbered(AtomicU64::new(1));
/// assert_ne!(ids.next(0), ids.next(0));
/// ```
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

/// The Backend's clock and source of ids. Each has two doors: one for requests, which fail if the
/// Backend's code panics, and one for what the Runtime does by itself, which must go on.
pub(crate) struct Sources {
    clock: Foreign<Arc<dyn Clock>>,
    ids: Foreign<Arc<dyn IdSource>>,
    last_ms: AtomicU64,
}

impl Sources {
    pub(crate) fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let (clock, ids) = (Foreign::new(clock), Foreign::new(ids));
        Self { clock, ids, last_ms: AtomicU64::new(0) }
    }

    /// Returns the time for a request, at most the largest integer on the wire.
    ///
    /// # Panics
    ///
    /// Panics if the Backend's clock does. No lock may be held.
    pub(crate) fn asked_ms(&self) -> u64 {
        let now_ms = self.clock.now_ms().min((1 << 53) - 1);
        self.last_ms.store(now_ms, Ordering::Relaxed);
        now_ms
    }

    /// Returns the time, or the last one that the Backend's clock gave if the clock panics.
    pub(crate) fn or_last_ms(&self) -> u64 {
        contained(|| self.asked_ms()).unwrap_or_else(|| self.last_ms.load(Ordering::Relaxed))
    }

    /// Returns a new id for a request.
    ///
    /// # Panics
    ///
    /// Panics if the Backend's source of ids does. No lock may be held.
    pub(crate) fn asked_id(&self, now_ms: u64) -> Uuid {
        self.ids.next(now_ms)
    }

    /// Returns a new id, or one of our own if the Backend's source of ids panics.
    pub(crate) fn or_own_id(&self, now_ms: u64) -> Uuid {
        contained(|| self.asked_id(now_ms)).unwrap_or_else(|| UuidV7.next(now_ms))
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
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
