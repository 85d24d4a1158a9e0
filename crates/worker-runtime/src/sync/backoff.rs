//! The pauses between the attempts of an operation that is repeated until it succeeds.

use std::time::Duration;

/// An endless iterator of pauses. Each is twice as long as the one before, up to a maximum.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self { next: first, max }
    }

    /// Returns the pauses between calls of a store that failed, from 50 milliseconds to 5 seconds.
    pub(crate) const fn of_store() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(5))
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.max);
        Some(pause)
    }
}
