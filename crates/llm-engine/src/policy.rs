//! The limits that an engine sets to a turn.

use std::time::Duration;

/// The limits of a turn: its deadlines, its retries and the size of its output.
///
/// ```
/// use std::time::Duration;
///
/// use llm_engine::{Deadlines, Policy, RetryPolicy};
///
/// let policy = Policy::default()
///     .deadlines(Deadlines::default().turn(Duration::from_mins(5)))
///     .retry(RetryPolicy::default().max_retries(0));
/// assert_eq!(policy.retry.max_retries, 0);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The times that a turn waits for its provider.
    pub deadlines: Deadlines,
    /// The conditions and pauses for making a failed call again.
    pub retry: RetryPolicy,
    /// The most bytes of text and reasoning together that a turn gives out. Output past this cap is
    /// cut, and the turn fails with [`TooLarge`](crate::ErrorKind::TooLarge).
    pub max_output_bytes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            deadlines: Deadlines::default(),
            retry: RetryPolicy::default(),
            max_output_bytes: 4 * 1024 * 1024,
        }
    }
}

impl Policy {
    /// Sets the times that a turn waits for its provider.
    #[must_use]
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Sets the conditions and pauses for making a failed call again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the most bytes of text and reasoning that a turn gives out.
    #[must_use]
    pub fn max_output_bytes(mut self, max_bytes: usize) -> Self {
        self.max_output_bytes = max_bytes;
        self
    }
}

/// The times after which a turn fails with [`Timeout`](crate::ErrorKind::Timeout).
///
/// Only progress counts: text, reasoning, the provider's own word that it still works, or the end.
/// Heartbeats and empty deltas do not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadlines {
    /// The time from the start of a call to its first progress. Local models may load for minutes.
    pub first_event: Duration,
    /// The time between one progress and the next. Time in which nobody polls the turn does not
    /// count.
    pub idle: Duration,
    /// The time of the whole turn, including all calls and pauses.
    pub turn: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first_event: Duration::from_mins(5),
            idle: Duration::from_mins(2),
            turn: Duration::from_mins(30),
        }
    }
}

impl Deadlines {
    /// Sets the time from the start of a call to its first progress.
    #[must_use]
    pub fn first_event(mut self, limit: Duration) -> Self {
        self.first_event = limit;
        self
    }

    /// Sets the time between one progress and the next.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// Sets the time of the whole turn.
    #[must_use]
    pub fn turn(mut self, limit: Duration) -> Self {
        self.turn = limit;
        self
    }
}

/// The limits for making a failed call again. This happens only before any output, and only if the
/// error is retryable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// The most calls that may follow the first one.
    pub max_retries: u32,
    /// The longest pause before the first retry. This limit doubles with each retry. A random part,
    /// up to one half, is taken off each pause, so that clients do not all retry at the same time.
    pub initial_delay: Duration,
    /// The longest pause that the engine chooses itself.
    pub max_delay: Duration,
    /// The longest pause that a provider may ask for. The engine waits at least as long as asked.
    /// If the provider asks for a longer pause than this, the engine does not retry.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 2,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(8),
            max_retry_after: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Sets the most calls that may follow the first one.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the longest pause before the first retry.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// Sets the longest pause that the engine chooses itself.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets the longest pause that a provider may ask for.
    #[must_use]
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }
}
