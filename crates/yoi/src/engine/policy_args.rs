//! The flags that set deadlines and retries.

use std::{num::NonZeroU64, time::Duration};

use clap::Args;
use yoi_profiles::ProfileSpec;

/// The flags that set deadlines and retries, instead of the profile's.
#[derive(Args, Debug)]
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
}

impl PolicyArgs {
    /// Overrides the deadlines and retries of a profile.
    pub(super) fn apply(&self, spec: &mut ProfileSpec) {
        let Self { retries, first_event_ms, idle_ms, turn_ms } = self;
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
    }
}
