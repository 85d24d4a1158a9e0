//! The limits that an engine puts around a turn.

use std::time::Duration;

/// How long a turn may take, how often it may try, and how much it may say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// How long to wait.
    pub deadlines: Deadlines,
    /// When a failed call is made again.
    pub retry: RetryPolicy,
    /// The most that a turn gives out, in bytes of text and reasoning together. What goes past it
    /// is cut, and the turn fails with [`TooLarge`](crate::ErrorKind::TooLarge).
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

/// How long a turn waits before it fails with [`Timeout`](crate::ErrorKind::Timeout).
///
/// Only progress counts: text, reasoning or the end. Heartbeats and empty deltas do not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadlines {
    /// From the start of a call to its first progress. Local models may load for minutes.
    pub first_event: Duration,
    /// Between one progress and the next. Time in which nobody polls the turn does not count.
    pub idle: Duration,
    /// The whole turn, over all calls and pauses.
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

/// When a failed call is made again: only before any output, and only if the error is retryable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// How many calls may follow the first one.
    pub max_retries: u32,
    /// The longest pause before the first retry. It doubles with each retry; a random part, up to
    /// one half, is taken off, so that clients do not come back all at once.
    pub initial_delay: Duration,
    /// The longest pause that the engine chooses itself.
    pub max_delay: Duration,
    /// The longest pause that a provider may ask for. The engine waits at least as long as asked;
    /// asked for more than this, it does not retry.
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
