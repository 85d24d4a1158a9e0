//! The command line of `yoi`: its subcommands and its examples.

use clap::Parser;

use crate::commands::Command;

const EXAMPLES: &str = "\
Examples:
  yoi run \"Why is the sky blue?\"
  git diff | yoi run \"Review this change.\"
  yoi chat --profile local
  yoi log search \"blue sky\"
  yoi models --provider openrouter
  yoi rpc < requests.jsonl
  yoi schema runtime_command
  yoi help run

Data is printed to stdout and messages to stderr. NO_COLOR turns colours off.
Conversations are kept in yoi/talks in the platform's data directory: `yoi log` shows and removes
them, --no-store keeps none of one, and the variable YOI_STORE=off none at all.";

/// Run LLM Workers at a terminal.
#[derive(Debug, Parser)]
#[command(name = "yoi", version = env!("YOI_VERSION"), after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}
