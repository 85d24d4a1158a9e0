//! Tests of `yoi` with providers that reach a model, on a mock server.

mod additions;
#[cfg(unix)]
mod at_a_terminal;
mod choice;
mod models;
mod no_model;
mod nothing;
mod places;
mod turns;
mod verbose;

use std::process::Command;

use mock_provider::MockProvider;

use crate::process::{Ended, Process, yoi};

/// A key that no output may contain.
const KEY: &str = "sk-secret-0123456789";

/// The command `yoi` with the chat completions of `mock` as its provider, and the key.
fn asking(mock: &MockProvider, command: &str) -> Command {
    let mut yoi = yoi();
    let base_url = format!("{}/v1", mock.origin());
    yoi.args([command, "--base-url", &base_url, "--model", "m", "--key-env", "TEST_KEY"])
        .env("TEST_KEY", KEY);
    yoi
}

/// Writes `stdin` and waits for the end. Checks that the output has no secret.
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
