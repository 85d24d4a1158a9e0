//! What every conversation at a terminal begins with: a Runtime and a Worker, made by flags.

use clap::Args;
use worker_runtime::{Limits, Runtime, commands::CreateWorker};

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
    /// Begins a Runtime with the chosen engine.
    pub(crate) async fn start(&self) -> Result<Runtime, Failure> {
        let runtime = Runtime::builder()
            .display_name("yoi")
            .profile(self.engine.choose())
            .limits(limits())
            .build()
            .await?;
        Ok(runtime)
    }

    /// The Worker that the flags describe.
    pub(crate) fn worker(&self) -> CreateWorker {
        CreateWorker { instructions: self.system.clone(), ..CreateWorker::default() }
    }
}

fn limits() -> Limits {
    Limits {
        input_bytes: MAX_INPUT_BYTES,
        instructions_bytes: MAX_INPUT_BYTES,
        request_bytes: 2 * MAX_INPUT_BYTES,
        ..Limits::default()
    }
}
