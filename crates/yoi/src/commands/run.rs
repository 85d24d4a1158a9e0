//! `yoi run`: one Worker, one turn, its answer on stdout.

mod files;
mod output_file;
mod prompt;
mod stdin;

use std::{path::PathBuf, pin::pin};

use clap::Args;
use worker_runtime::{
    EventsFrom,
    commands::{CancelTurn, SendInput},
};

use self::output_file::OutputFile;
use crate::{
    answer::{AnswerPrinter, Format, TurnEnd, TurnStream},
    exit::Exit,
    failure::Failure,
    keeping::Session,
    session_args::SessionArgs,
    signals::Signals,
    tokio_main,
};

const AFTER_HELP: &str = "\
Examples:
  yoi run \"Why is the sky blue?\"
  yoi run < question.txt
  git diff | yoi run \"Review this change.\"
  yoi run -f notes.txt -f plan.md \"What is missing?\"
  yoi run -o answer.txt --timeout 60 --usage \"Why is the sky blue?\"
  yoi run --system \"Answer in French.\" \"Who are you?\"
  yoi run --base-url http://127.0.0.1:8080/v1 \"Who are you?\"
  yoi run --continue \"And why is it red in the evening?\"
  yoi run --json hello | jq -r 'select(.type == \"text_delta\").text'
  yoi run --echo-delay-ms 200 \"one two three\"

Exit codes:
    0  the turn completed, or stdout was closed
    1  the turn failed
    2  the command line is invalid
   74  the place of kept conversations cannot be used, and a flag asked for it
   75  the turn failed, but may succeed later
  130  SIGINT cancelled the turn; the text so far was printed
  143  SIGTERM cancelled the turn; the text so far was printed";

/// Have a model answer one prompt.
///
/// The answer is streamed to stdout and ends with a newline. A first SIGINT or SIGTERM cancels the
/// turn, a second one ends the process at once.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Run {
    /// The prompt; `-` stands for stdin.
    ///
    /// Stdin is read whenever it is not a terminal. With both, the model is given PROMPT first,
    /// then an empty line, then stdin.
    prompt: Option<String>,

    /// Print the stream items as JSON, one a line, up to the event that ends the turn.
    ///
    /// `schema/stream_item.json` describes them.
    #[arg(long)]
    json: bool,

    /// Put a text file before the prompt, with its name; `-` stands for stdin. Can be repeated.
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,

    /// Write the answer to FILE, and nothing to stdout; `-` stands for stdout.
    ///
    /// The file is written when the answer is complete. If the turn fails, the file stays as it was.
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    output: Option<PathBuf>,

    #[command(flatten)]
    session: SessionArgs,
}

impl Run {
    pub(crate) fn execute(mut self) -> Result<Exit, Failure> {
        let output = self.output.take().filter(|path| path.as_os_str() != stdin::STDIN);
        let output = output.map(|path| OutputFile::open(&path)).transpose()?;
        let prompt = prompt::gather(self.prompt.take(), &self.file)?;
        tokio_main::block_on_alone(self.answer(prompt, output))
    }

    async fn answer(self, prompt: String, output: Option<OutputFile>) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let Session { runtime, worker, cursor, partials, .. } =
            self.session.begin_alone(&prompt).await?;
        // The subscription is opened before the turn starts, because a turn that is over no longer
        // streams.
        let stream =
            TurnStream::open(&runtime, worker, EventsFrom::after(cursor), &partials).await?;
        runtime.handle(SendInput::new(worker, prompt)).await?;

        let format = match output {
            Some(_) => Format::Nothing,
            None if self.json => Format::Json,
            None => Format::Text,
        };
        let printer = AnswerPrinter::new(format, self.session.shows);
        let mut answer = pin!(printer.print(stream));
        tokio::select! {
            end = &mut answer => {
                let end = end?;
                if let (Some(output), TurnEnd::Completed { entry, .. }) = (output, &end) {
                    output.write(&entry.text)?;
                }
                end.into_exit()
            }
            signal = signals.next() => {
                // An error means that the turn is over, so there is nothing to cancel.
                let _ = runtime.handle(CancelTurn::new(worker)).await;
                tokio::select! {
                    _ = &mut answer => {}
                    _ = signals.next() => {}
                }
                Ok(signal.exit())
            }
        }
    }
}
