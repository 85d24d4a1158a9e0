//! The keys of a profile's deadlines, retries and history.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use llm_engine::{Deadlines, RetryPolicy};
use serde::Deserialize;
use worker::HistoryBudget;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "each key of the file names its unit")]
pub(crate) struct RawDeadlines {
    first_event_ms: Option<NonZeroU64>,
    idle_ms: Option<NonZeroU64>,
    turn_ms: Option<NonZeroU64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRetry {
    max_retries: Option<u32>,
    initial_delay_ms: Option<u64>,
    max_delay_ms: Option<u64>,
    max_retry_after_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "each key of the file says that it is a limit")]
pub(crate) struct RawHistory {
    max_bytes: Option<NonZeroUsize>,
    max_messages: Option<NonZeroUsize>,
    max_tokens: Option<NonZeroU64>,
}

impl From<RawDeadlines> for Deadlines {
    fn from(raw: RawDeadlines) -> Self {
        let default = Self::default();
        let or = |ms: Option<NonZeroU64>, default| {
            ms.map_or(default, |ms| Duration::from_millis(ms.get()))
        };
        Self {
            first_event: or(raw.first_event_ms, default.first_event),
            idle: or(raw.idle_ms, default.idle),
            turn: or(raw.turn_ms, default.turn),
        }
    }
}

impl From<RawRetry> for RetryPolicy {
    fn from(raw: RawRetry) -> Self {
        let default = Self::default();
        let or = |ms: Option<u64>, default| ms.map_or(default, Duration::from_millis);
        Self {
            max_retries: raw.max_retries.unwrap_or(default.max_retries),
            initial_delay: or(raw.initial_delay_ms, default.initial_delay),
            max_delay: or(raw.max_delay_ms, default.max_delay),
            max_retry_after: or(raw.max_retry_after_ms, default.max_retry_after),
        }
    }
}

impl From<RawHistory> for HistoryBudget {
    fn from(raw: RawHistory) -> Self {
        let default = Self::default();
        Self {
            max_bytes: raw.max_bytes.map_or(default.max_bytes, NonZeroUsize::get),
            max_messages: raw.max_messages.map_or(default.max_messages, NonZeroUsize::get),
            max_tokens: raw.max_tokens.map(NonZeroU64::get),
        }
    }
}
