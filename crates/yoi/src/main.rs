//! The `yoi` command: LLM Workers at a terminal.
//!
//! [`cli`] has the top-level arguments; each file of [`commands`] is a subcommand with its flags.

#![forbid(unsafe_code)]

mod answer;
mod cli;
mod commands;
mod engine;
mod exit;
mod failure;
mod output;
mod paths;
mod provider_words;
mod report;
mod sanitize;
mod session_args;
mod signals;
mod spinner;
mod terminal;
mod tokio_main;
mod usage_line;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().command.execute() {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}
