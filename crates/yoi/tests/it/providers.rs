//! `yoi` and providers that reach a model, on a server that answers what a test wants.

#[cfg(unix)]
mod at_a_terminal;
mod choice;
mod turns;

use std::process::Command;

use mock_provider::MockProvider;

use crate::process::{Ended, Process, yoi};

/// A key that nobody may show.
const KEY: &str = "sk-secret-0123456789";

/// A `yoi` that is to talk to `mock` by chat completions, with the key.
fn asking(mock: &MockProvider, command: &str) -> Command {
    let mut yoi = yoi();
    let base_url = format!("{}/v1", mock.origin());
    yoi.args([command, "--base-url", &base_url, "--model", "m", "--key-env", "TEST_KEY"])
        .env("TEST_KEY", KEY);
    yoi
}

/// Writes `stdin`, and waits for the end. No secret is seen.
#[track_caller]
fn end(command: &mut Command, stdin: &str) -> Ended {
    let mut process = Process::spawn(command);
    process.write(stdin);
    checked(process.end())
}

#[track_caller]
fn checked(ended: Ended) -> Ended {
    assert!(!ended.stdout.contains("secret") && !ended.stderr.contains("secret"), "{ended:?}");
    ended
}
