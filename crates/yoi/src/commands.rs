//! Every subcommand, one file each.

mod chat;
mod profiles;
mod rpc;
mod run;
mod schema;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure};

/// Every subcommand.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Chat(chat::Chat),
    Profiles(profiles::Profiles),
    Rpc(rpc::Rpc),
    Run(run::Run),
    Schema(schema::Schema),
}

impl Command {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        match self {
            Self::Chat(it) => it.execute(),
            Self::Profiles(it) => it.execute(),
            Self::Rpc(it) => it.execute(),
            Self::Run(it) => it.execute(),
            Self::Schema(it) => it.execute(),
        }
    }
}
