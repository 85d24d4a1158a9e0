//! The subcommands, one file each.

mod chat;
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
    Models(models::Models),
    Profiles(profiles::Profiles),
    Rpc(rpc::Rpc),
    Run(run::Run),
    Schema(schema::Schema),
}

impl Command {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        match self {
            Self::Chat(chat) => chat.execute(),
            Self::Models(models) => models.execute(),
            Self::Profiles(profiles) => profiles.execute(),
            Self::Rpc(rpc) => rpc.execute(),
            Self::Run(run) => run.execute(),
            Self::Schema(schema) => schema.execute(),
        }
    }
}
