//! `yoi man`: prints the manual page.

use std::io;

use clap::Args;
use clap_mangen::Man as Page;

use crate::{exit::Exit, failure::Failure, output::print};

const AFTER_HELP: &str = "\
Examples:
  yoi man > ~/.local/share/man/man1/yoi.1
  yoi man | man -l -";

/// Print the manual page, with a page for each command.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Man {}

impl Man {
    pub(crate) fn execute(definition: clap::Command) -> Result<Exit, Failure> {
        let pages = pages(definition)
            .map_err(|error| Failure::new(format!("the page cannot be made: {error}")))?;
        print(&String::from_utf8_lossy(&pages))?;
        Ok(Exit::Completed)
    }
}

fn pages(mut command: clap::Command) -> io::Result<Vec<u8>> {
    command.build();
    let mut pages = Vec::new();
    Page::new(command.clone()).render(&mut pages)?;
    for subcommand in command.get_subcommands().filter(|it| it.get_name() != "help") {
        Page::new(subcommand.clone()).render(&mut pages)?;
    }
    Ok(pages)
}
