//! What every conversation at a terminal begins with: a Runtime and a Worker, made by flags.

use std::time::Duration;

use clap::Args;
use llm_engine::Deadlines;
use worker_runtime::{Limits, Profile, Runtime, RuntimeBuilder, commands::CreateWorker};

use crate::{engine::EngineArgs, failure::Failure};

/// How much may be said at once, in bytes. A file may well be larger than what a server takes from
/// its clients.
pub(crate) const MAX_INPUT_BYTES: u64 = 16 << 20;

/// The flags of whatever talks to a model.
#[derive(Args, Debug)]
pub(crate) struct SessionArgs {
    /// Instructions to the model about its task.
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,

    #[command(flatten)]
    engine: EngineArgs,
}

impl SessionArgs {
    /// Begins a Runtime with the chosen engine, and the others beside it.
    pub(crate) async fn start(&self) -> Result<Runtime, Failure> {
        start(self.engine.profiles()?).await
    }

    /// Begins a Runtime with the chosen engine alone: making one may take longer than its answer.
    pub(crate) async fn start_alone(&self) -> Result<Runtime, Failure> {
        start(vec![self.engine.profile()?]).await
    }

    /// The Worker that the flags describe.
    pub(crate) fn worker(&self) -> CreateWorker {
        CreateWorker { instructions: self.system.clone(), ..CreateWorker::default() }
    }
}

async fn start(profiles: Vec<Profile>) -> Result<Runtime, Failure> {
    let builder = Runtime::builder().display_name("yoi").limits(limits(&profiles));
    Ok(profiles.into_iter().fold(builder, RuntimeBuilder::profile).build().await?)
}

/// Whoever wrote a profile may wait as long as it says.
fn limits(profiles: &[Profile]) -> Limits {
    let usual = Limits::default();
    let longest = |usual: u64, deadline: fn(&Deadlines) -> Duration| {
        let deadlines = profiles.iter().map(|profile| deadline(&profile.policy.deadlines));
        deadlines.map(|it| u64::try_from(it.as_millis()).unwrap_or(usual)).fold(usual, u64::max)
    };
    Limits {
        input_bytes: MAX_INPUT_BYTES,
        instructions_bytes: MAX_INPUT_BYTES,
        request_bytes: 2 * MAX_INPUT_BYTES,
        turn_ms: longest(usual.turn_ms, |it| it.turn),
        turn_first_event_ms: longest(usual.turn_first_event_ms, |it| it.first_event),
        turn_idle_ms: longest(usual.turn_idle_ms, |it| it.idle),
        ..usual
    }
}
