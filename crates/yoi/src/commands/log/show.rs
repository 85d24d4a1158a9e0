//! `yoi log show`: prints a kept conversation.

use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    keeping::{self, StoreArgs},
    output::print_sanitized,
};

/// Print a conversation.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The name of the conversation, its id, or the beginning of its id.
    worker: String,

    #[command(flatten)]
    store: StoreArgs,
}

impl Show {
    pub(super) async fn execute(self) -> Result<Exit, Failure> {
        let talk = keeping::chosen(&self.store.needed()?, &[self.worker]).await?.remove(0);
        let entries = talk.entries().await?;
        print_sanitized(&entries.iter().map(ToString::to_string).collect::<String>())?;
        Ok(Exit::Completed)
    }
}
