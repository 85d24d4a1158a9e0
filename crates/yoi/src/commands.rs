//! The subcommands, one file each.

mod chat;
mod completions;
mod log;
mod man;
mod models;
mod profiles;
mod rpc;
mod run;
mod schema;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure};

/// A subcommand with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Chat(chat::Chat),
    Completions(completions::Completions),
    Man(man::Man),
    Log(log::Log),
    Models(models::Models),
    Profiles(profiles::Profiles),
    Rpc(rpc::Rpc),
    Run(run::Run),
    Schema(schema::Schema),
}

impl Command {
    /// Carries out the subcommand. `definition` returns the whole command line.
    pub(crate) fn execute(self, definition: fn() -> clap::Command) -> Result<Exit, Failure> {
        match self {
            Self::Chat(chat) => chat.execute(),
            Self::Completions(completions) => completions.execute(definition()),
            Self::Man(man::Man {}) => man::Man::execute(definition()),
            Self::Log(log) => log.execute(),
            Self::Models(models) => models.execute(),
            Self::Profiles(profiles) => profiles.execute(),
            Self::Rpc(rpc) => rpc.execute(),
            Self::Run(run) => run.execute(),
            Self::Schema(schema) => schema.execute(),
        }
    }
}
