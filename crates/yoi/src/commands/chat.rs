//! `yoi chat`: a conversation at a terminal, or with whatever writes lines to stdin.

mod command;
mod conversation;
mod editor;
mod line;
mod lines;
mod perform;
#[cfg(unix)]
mod terminal_mode;
#[cfg(unix)]
mod type_ahead;
mod view;
mod workers;

use clap::Args;

use self::{conversation::Conversation, lines::Lines, workers::Workers};
use crate::{
    exit::Exit, failure::Failure, paths, session_args::SessionArgs, signals::Signals, tokio_main,
};

const AFTER_HELP: &str = "\
Commands:
  /help        list these commands
  /new [NAME]  begin another conversation, with a Worker of its own and the profile NAME
  /workers     list the Workers, with their numbers
  /switch N    go on with Worker N; a turn of the one left behind runs on
  /transcript  print this conversation
  /usage       print what the turns consumed
  /cancel      cancel the running turn
  /quit        leave
  Text that begins with a slash is written with two.

Keys:
  Ctrl-C cancels the running turn; what had come stays, marked as truncated. Without a turn it
  discards the line. Twice in a row it leaves, and so does Ctrl-D in an empty line.
  On Unix, what is typed while a turn runs counts too: commands at once, text when the turn is over.

Where stdin is no terminal, each line is said without a prompt, and the next one is read when it is
answered. A first SIGINT cancels the turn and leaves.

Exit codes:
    0  you left, or stdout was closed
    1  the conversation could not go on; where stdin is no terminal also: something failed
    2  the command line makes no sense
   75  stdin is no terminal and something failed, but the same may succeed later
  130  SIGINT, which is Ctrl-C twice in a row at a terminal
  143  SIGTERM

Examples:
  yoi chat
  yoi chat --base-url http://127.0.0.1:8080/v1
  yoi chat --system \"Answer in French.\"
  printf 'one\\ntwo\\n/usage\\n' | yoi chat";

/// Talk to a model.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Chat {
    /// Neither read nor write the history of what was typed.
    #[arg(long)]
    no_history: bool,

    #[command(flatten)]
    session: SessionArgs,
}

impl Chat {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        tokio_main::block_on(self.converse())
    }

    async fn converse(self) -> Result<Exit, Failure> {
        let signals = Signals::listen()?;
        let runtime = self.session.start().await?;
        let history = if self.no_history { None } else { paths::chat_history() };
        let lines = Lines::open(history)?;
        let workers = Workers::begin(runtime, self.session.worker()).await?;
        Conversation::new(workers, lines, signals).go_on().await
    }
}
