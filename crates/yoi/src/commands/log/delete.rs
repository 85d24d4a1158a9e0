//! `yoi log delete`: removes kept conversations.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    keeping::{self, StoreArgs, Talk},
    report,
    sanitize::sanitize,
};

/// Remove conversations for good.
///
/// What was said is overwritten. At a terminal you are asked before, once for all of them.
#[derive(Args, Debug)]
pub(super) struct Delete {
    /// The names of the conversations, their ids, or the beginnings of their ids.
    #[arg(required = true, value_name = "WORKER")]
    workers: Vec<String>,

    /// Do not ask.
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    store: StoreArgs,
}

impl Delete {
    pub(super) async fn execute(self) -> Result<Exit, Failure> {
        let place = self.store.needed()?;
        let mut talks = keeping::chosen(&place, &self.workers).await?;
        talks.sort_by_key(Talk::id);
        talks.dedup_by_key(|talk| talk.id());
        if io::stdin().is_terminal() && !self.yes && !is_confirmed(&talks) {
            report::note("nothing was deleted");
            return Ok(Exit::Failed);
        }
        for talk in &talks {
            keeping::delete(&place, talk).await?;
        }
        Ok(Exit::Completed)
    }
}

/// Asks the user. Whoever says nothing has not confirmed.
fn is_confirmed(talks: &[Talk]) -> bool {
    let names = talks.iter().map(|talk| format!("  {}  {}", talk.id(), talk.title));
    let names = names.collect::<Vec<_>>().join("\n");
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "{}\nDelete this for good? [y/N] ", sanitize(&names));
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    answered.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
