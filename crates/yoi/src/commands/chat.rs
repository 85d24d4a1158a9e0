//! `yoi chat`: a conversation at a terminal, or by lines from a pipe.

mod command;
mod completion;
mod continued;
mod conversation;
mod edit;
mod history;
mod keys;
mod line;
mod lines;
mod model;
mod outcome;
mod perform;
mod retry;
mod search;
mod typing;
mod view;
mod workers;

use clap::Args;

use self::{conversation::Conversation, lines::Lines, workers::Workers};
use crate::{
    exit::Exit, failure::Failure, keeping::Session, paths, session_args::SessionArgs,
    signals::Signals, tokio_main,
};

const AFTER_HELP: &str = "\
Commands:
  /help        list these commands
  /new [NAME]  start another conversation, with a new Worker and the profile NAME
  /workers     list the Workers, with their numbers
  /switch N    talk to Worker N; a running turn of the current one goes on
  /model NAME  answer with another model, or profile, from the next message on
  /retry       send the last message again, if it got no whole answer
  /reasoning   show the model's reasoning, or hide it again
  /transcript  print this conversation
  /usage       print what the turns consumed
  /editor      write the next message in $VISUAL or $EDITOR
  /cancel      cancel the running turn
  /quit        leave
  To send text that begins with a slash, type two slashes.

Keys:
  Enter sends the message. Alt-Enter or Ctrl-J begins a new line in it, and what is pasted is one
  message, however many lines it has.
  Ctrl-C cancels the running turn; the text so far is kept, marked as interrupted. Without a turn it
  discards the line, which Up or Ctrl-Y brings back. Ctrl-C twice in a row leaves, and so does Ctrl-D
  in an empty line, during an answer twice. Ctrl-Z stops yoi until the shell's `fg`.
  Tab completes commands, profiles and files. Ctrl-R looks in the history.
  While an answer is written, lines may be typed below it: commands are carried out at once, text is
  sent when the answer is complete.

If stdin is not a terminal, each line is sent without a prompt, and the next one is read when the
answer is complete. A first SIGINT cancels the turn and leaves.

Exit codes:
    0  you left, or stdout was closed
    1  the conversation could not go on; if stdin is not a terminal also: a turn or command failed
    2  the command line is invalid
   74  the place of kept conversations cannot be used, and a flag asked for it
   75  stdin is not a terminal, and a turn or command failed but may succeed later
  130  SIGINT, which is Ctrl-C twice in a row at a terminal
  143  SIGTERM

Examples:
  yoi chat
  yoi chat --continue
  yoi chat --base-url http://127.0.0.1:8080/v1
  yoi chat --system \"Answer in French.\"
  printf 'one\\ntwo\\n/usage\\n' | yoi chat";

/// Talk to a model.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Chat {
    /// Neither read nor write the history of typed lines.
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
        let mut session = self.session.begin().await?;
        let history = if self.no_history { None } else { paths::chat_history() };
        let lines = Lines::open(history)?;
        if lines.is_terminal() {
            continued::show(&session).await?;
        }
        let (runtime, file) = (session.runtime.clone(), session.take_file());
        let workers = Workers::begin(session).await?;
        let ended = Conversation::new(workers, lines, signals, self.session.shows).run().await;
        Session::end(&runtime, file).await;
        ended
    }
}
