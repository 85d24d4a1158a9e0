//! `yoi log`: shows, searches, exports and deletes kept conversations.

mod delete;
mod export;
mod list;
mod search;
mod show;
mod time;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, tokio_main};

const AFTER_HELP: &str = "\
WORKER is the name of a conversation, its id, or the beginning of its id.

`yoi run` and `yoi chat` keep what was said, with the names of models and of profiles, and no key.
Each run has a file of its own in yoi/talks in the platform's data directory, which only you can
read. docs/keeping.md says more.

Exit codes:
    0  it is done
    1  `search` found nothing, or you did not confirm a deletion
    2  the command line is invalid, or WORKER is not one conversation
   74  the place of kept conversations, or the file of --output, cannot be used
   75  a conversation to delete is open in another yoi

Examples:
  yoi log
  yoi log list --json | jq -r .worker_id
  yoi log show \"Why is the sky blue?\"
  yoi log search rayleigh
  yoi log export 019ae3b2 --output sky.md
  yoi log delete 019ae3b2";

/// Show, search, export and delete kept conversations.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Log {
    #[command(subcommand)]
    command: Option<LogCommand>,

    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    List(list::List),
    Show(show::Show),
    Search(search::Search),
    Export(export::Export),
    Delete(delete::Delete),
}

impl Log {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        tokio_main::block_on(async {
            match self.command.unwrap_or(LogCommand::List(self.list)) {
                LogCommand::List(list) => list.execute().await,
                LogCommand::Show(show) => show.execute().await,
                LogCommand::Search(search) => search.execute().await,
                LogCommand::Export(export) => export.execute().await,
                LogCommand::Delete(delete) => delete.execute().await,
            }
        })
    }
}
