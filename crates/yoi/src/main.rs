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
mod keeping;
mod markdown;
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

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};

use crate::{exit::Exit, failure::Failure};

fn main() -> ExitCode {
    let result = match cli::Cli::try_parse() {
        Ok(cli) => cli.command.execute(cli::Cli::command),
        Err(message) => explain(&message),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}

/// Prints help or the version to stdout, or what is wrong with the command line to stderr.
fn explain(message: &clap::Error) -> Result<Exit, Failure> {
    let printed = message.print().and_then(|()| io::stdout().flush());
    if message.use_stderr() {
        return Ok(Exit::Usage);
    }
    printed.map(|()| Exit::Completed).map_err(|error| Failure::stdout(&error))
}
