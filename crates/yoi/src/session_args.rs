//! The flags with which `yoi run` and `yoi chat` make their Runtime and their Worker.

use std::time::Duration;

use clap::Args;
use llm_engine::Deadlines;
use worker_runtime::{Limits, Profile, Runtime, RuntimeBuilder, commands::CreateWorker};

use crate::{
    engine::{EngineArgs, Unusable},
    failure::Failure,
};

/// The largest input, in bytes. It is larger than a Runtime's default, because the input may be a
/// file.
pub(crate) const MAX_INPUT_BYTES: u64 = 16 << 20;

/// The flags of `yoi run` and `yoi chat`.
#[derive(Args, Debug)]
pub(crate) struct SessionArgs {
    /// Instructions to the model about its task.
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,

    /// Print the tokens and the time of each turn to stderr.
    #[arg(long)]
    pub(crate) usage: bool,

    #[command(flatten)]
    engine: EngineArgs,
}

impl SessionArgs {
    /// Starts a Runtime with the chosen profile and all others that can be used. Returns the names
    /// of those that cannot as well.
    pub(crate) async fn start(&self) -> Result<(Runtime, Unusable), Failure> {
        let (profiles, unusable) = self.engine.all_profiles()?;
        Ok((start(profiles).await?, unusable))
    }

    /// Starts a Runtime with only the chosen profile, because building a provider may take longer
    /// than its answer.
    pub(crate) async fn start_alone(&self) -> Result<Runtime, Failure> {
        start(vec![self.engine.profile()?]).await
    }

    /// Returns the command that creates the Worker that the flags describe.
    pub(crate) fn worker(&self) -> CreateWorker {
        CreateWorker { instructions: self.system.clone(), ..CreateWorker::default() }
    }
}

async fn start(profiles: Vec<Profile>) -> Result<Runtime, Failure> {
    let builder = Runtime::builder().display_name("yoi").limits(limits(&profiles));
    Ok(profiles.into_iter().fold(builder, RuntimeBuilder::profile).build().await?)
}

/// Returns limits under which the deadlines of each profile apply unchanged: a Runtime would
/// shorten deadlines that are longer than its limits.
fn limits(profiles: &[Profile]) -> Limits {
    let default = Limits::default();
    let longest = |default_ms: u64, deadline: fn(&Deadlines) -> Duration| {
        let deadlines = profiles.iter().map(|profile| deadline(&profile.policy.deadlines));
        deadlines.fold(Duration::from_millis(default_ms), Duration::max)
    };
    let turn = longest(default.turn_ms, |deadlines| deadlines.turn);
    let first_event = longest(default.turn_first_event_ms, |deadlines| deadlines.first_event);
    let idle = longest(default.turn_idle_ms, |deadlines| deadlines.idle);
    default
        .input_bytes(MAX_INPUT_BYTES)
        .instructions_bytes(MAX_INPUT_BYTES)
        .request_bytes(2 * MAX_INPUT_BYTES)
        .turn(turn)
        .turn_first_event(first_event)
        .turn_idle(idle)
}
