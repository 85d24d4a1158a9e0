//! `yoi run`: one Worker, one turn, its answer on stdout.

mod answer;
mod prompt;

use std::pin::pin;

use clap::Args;
use worker_runtime::{
    EventsFrom, Limits, Runtime, Scope, Subscribe,
    commands::{CancelTurn, CreateWorker, SendInput},
};

use self::answer::{Answer, Format};
use crate::{
    engine::EngineArgs, exit::Exit, failure::Failure, output::Output, signals::Signals, tokio_main,
};

const AFTER_HELP: &str = "\
Examples:
  yoi run \"Why is the sky blue?\"
  yoi run < question.txt
  git diff | yoi run \"Review this change.\"
  yoi run --system \"Answer in French.\" \"Who are you?\"
  yoi run --json hello | jq -r 'select(.type == \"text_delta\").text'
  yoi run --echo-delay-ms 200 \"one two three\"

Exit codes:
    0  the turn completed, or stdout was closed
    1  it failed
    2  the command line makes no sense
   75  it failed, but the same may succeed later
  130  SIGINT cancelled it; what had streamed was printed
  143  SIGTERM cancelled it; what had streamed was printed";

/// Have a model answer one prompt.
///
/// The answer is streamed to stdout and ends with a newline. A first SIGINT or SIGTERM cancels the
/// turn, a second one leaves at once.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Run {
    /// What to say; `-` is stdin.
    ///
    /// Stdin is read whenever it is not a terminal. With both, the model is given PROMPT first,
    /// then an empty line, then stdin.
    prompt: Option<String>,

    /// Instructions to the model about its task.
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,

    /// Print the stream items as JSON, one a line, up to the event that ends the turn.
    ///
    /// `schema/stream_item.json` describes them.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    engine: EngineArgs,
}

impl Run {
    pub(crate) fn execute(mut self) -> Result<Exit, Failure> {
        let prompt = prompt::gather(self.prompt.take())?;
        tokio_main::block_on(self.answer(prompt))
    }

    async fn answer(self, prompt: String) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()
            .map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))?;
        let runtime = Runtime::builder()
            .display_name("yoi")
            .profile(self.engine.choose())
            .limits(limits())
            .build()
            .await?;
        let created = runtime
            .handle(CreateWorker { instructions: self.system, ..CreateWorker::default() })
            .await?;
        let worker = created.detail.worker;
        // Before the turn starts, because a turn that is over does not stream any more.
        let everything =
            Subscribe::to(Scope::worker(worker)).from(EventsFrom::after(created.cursor));
        let stream = runtime.subscribe(everything).await?;
        runtime.handle(SendInput::user(worker, prompt)).await?;

        let format = if self.json { Format::Json } else { Format::Text };
        let mut answer = pin!(Answer::new(format, Output::new()).print(stream));
        tokio::select! {
            end = &mut answer => end,
            signal = signals.next() => {
                // It may be over by now, which is as good.
                let _ = runtime.handle(CancelTurn::running(worker)).await;
                tokio::select! {
                    _ = &mut answer => {}
                    _ = signals.next() => {}
                }
                Ok(signal.exit())
            }
        }
    }
}

/// A file may well be larger than what a server takes from its clients.
fn limits() -> Limits {
    Limits {
        input_bytes: prompt::MAX_BYTES,
        instructions_bytes: prompt::MAX_BYTES,
        request_bytes: 2 * prompt::MAX_BYTES,
        ..Limits::default()
    }
}
