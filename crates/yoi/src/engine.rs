//! Which engine answers: chosen by flags, else the echo provider.

use std::{sync::Arc, time::Duration};

use clap::Args;
use llm_engine::EchoProvider;
use worker::Profile;

use crate::report;

/// The flags by which an engine is chosen.
#[derive(Args, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// Slow the echo provider down by N milliseconds a word, to try streams and cancels.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    echo_delay_ms: u32,
}

impl EngineArgs {
    /// The profile to run turns with. Says on stderr if there is no model behind it.
    pub(crate) fn choose(&self) -> Profile {
        report::note("no provider is configured: the echo provider answers, without a model");
        let delay = Duration::from_millis(self.echo_delay_ms.into());
        Profile::new("echo", Arc::new(EchoProvider::with_delay(delay)))
    }
}
