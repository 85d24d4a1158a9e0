//! The flags that set deadlines and retries.

use std::{num::NonZeroU64, time::Duration};

use clap::Args;
use yoi_profiles::ProfileSpec;

/// The flags that set deadlines and retries, instead of the profile's.
#[derive(Args, Clone, Debug)]
pub(super) struct PolicyArgs {
    /// Make a failed call again up to N times, as long as nothing was answered; 2 if absent.
    #[arg(long, value_name = "N")]
    retries: Option<u32>,

    /// Give up a call without a first word after N milliseconds; 300000 if absent.
    #[arg(long, value_name = "N")]
    first_event_ms: Option<NonZeroU64>,

    /// Give up an answer that pauses for N milliseconds; 120000 if absent.
    #[arg(long, value_name = "N")]
    idle_ms: Option<NonZeroU64>,

    /// Give up a turn after N milliseconds; 1800000 if absent.
    #[arg(long, value_name = "N")]
    turn_ms: Option<NonZeroU64>,

    /// Give up a turn after so many seconds, such as 90 or 0.5.
    #[arg(long, value_name = "SECONDS", conflicts_with = "turn_ms", value_parser = seconds)]
    timeout: Option<Duration>,
}

impl PolicyArgs {
    /// Overrides the deadlines and retries of a profile.
    pub(super) fn apply(&self, spec: &mut ProfileSpec) {
        let Self { retries, first_event_ms, idle_ms, turn_ms, timeout } = self;
        if let Some(retries) = retries {
            spec.retry.max_retries = *retries;
        }
        let deadlines = &mut spec.deadlines;
        for (deadline, ms) in [
            (&mut deadlines.first_event, first_event_ms),
            (&mut deadlines.idle, idle_ms),
            (&mut deadlines.turn, turn_ms),
        ] {
            if let Some(ms) = ms {
                *deadline = Duration::from_millis(ms.get());
            }
        }
        deadlines.turn = timeout.unwrap_or(deadlines.turn);
    }
}

/// Parses a number of seconds.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|time| *time >= Duration::from_millis(1))
        .ok_or("must be a number of seconds of at least 0.001")
}
