//! What can be asked of `yoi` at a shell.

use clap::Parser;

use crate::commands::Command;

const EXAMPLES: &str = "\
Examples:
  yoi run \"Why is the sky blue?\"
  git diff | yoi run \"Review this change.\"
  yoi chat --profile local
  yoi rpc < requests.jsonl
  yoi schema runtime_command
  yoi help run

Data goes to stdout, everything else to stderr. NO_COLOR switches colours off.";

/// Run LLM Workers at a terminal.
#[derive(Debug, Parser)]
#[command(name = "yoi", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}
