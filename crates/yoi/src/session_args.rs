//! The flags with which `yoi run` and `yoi chat` make their Runtime and their Worker.

use std::time::Duration;

use clap::Args;
use llm_engine::Deadlines;
use worker_runtime::{Limits, Profile, Runtime, RuntimeBuilder};

use crate::{
    answer::Shows,
    engine::{EngineArgs, Unusable},
    failure::Failure,
    keeping::{Beginning, KeepArgs, Session},
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

    #[command(flatten)]
    pub(crate) shows: Shows,

    #[command(flatten)]
    engine: EngineArgs,

    #[command(flatten)]
    keep: KeepArgs,
}

impl SessionArgs {
    /// Begins a conversation with the chosen profile and all others that can be used.
    pub(crate) async fn begin(&self) -> Result<Session, Failure> {
        self.begin_with(None, EngineArgs::all_profiles).await
    }

    /// Begins a conversation about a prompt with only the chosen profile, because building a
    /// provider may take longer than its answer.
    pub(crate) async fn begin_alone(&self, prompt: &str) -> Result<Session, Failure> {
        self.begin_with(Some(prompt), |engine| Ok((vec![engine.profile()?], Unusable::new()))).await
    }

    async fn begin_with(
        &self,
        prompt: Option<&str>,
        profiles: impl Fn(&EngineArgs) -> Result<(Vec<Profile>, Unusable), Failure>,
    ) -> Result<Session, Failure> {
        let beginning = Beginning::find(&self.keep).await?;
        let engine = match beginning.remembered() {
            Some(then) => self.engine.recalling(&then)?,
            None => self.engine.clone(),
        };
        let (profiles, unusable) = profiles(&engine)?;
        let builder = || builder(&profiles);
        let mut session = beginning.begin(builder, engine, self.system.clone(), prompt).await?;
        session.unusable = unusable;
        Ok(session)
    }
}

fn builder(profiles: &[Profile]) -> RuntimeBuilder {
    let builder = Runtime::builder().display_name("yoi").limits(limits(profiles));
    profiles.iter().cloned().fold(builder, RuntimeBuilder::profile)
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
