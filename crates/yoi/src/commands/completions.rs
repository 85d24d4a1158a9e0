//! `yoi completions`: prints the script by which a shell completes `yoi`.

use clap::{Args, builder::PossibleValuesParser};
use clap_complete::Shell;

use crate::{exit::Exit, failure::Failure, output::print};

const AFTER_HELP: &str = "\
Examples:
  yoi completions bash > ~/.local/share/bash-completion/completions/yoi
  yoi completions zsh > ~/.zfunc/_yoi        # ~/.zfunc is in fpath
  yoi completions fish > ~/.config/fish/completions/yoi.fish
  yoi completions powershell >> $PROFILE";

/// Print the script by which a shell completes commands and flags.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish", "powershell"]))]
    shell: String,
}

impl Completions {
    pub(crate) fn execute(self, mut definition: clap::Command) -> Result<Exit, Failure> {
        let shell: Shell = self.shell.parse().map_err(Failure::usage)?;
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut definition, "yoi", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Completed)
    }
}
