//! The tokio runtime on which a command runs.

use std::io::{self, IsTerminal};

use tokio::runtime::Builder;

use crate::failure::Failure;

/// Runs a command to its end. Blocking work that is left, such as a read of stdin, is not waited
/// for.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_on(Builder::new_multi_thread(), command)
}

/// Runs a command that does one thing after the other, like [`block_on`]. It starts no threads of its
/// own, unless stdout is a terminal: a terminal may be stopped, and blocks whoever writes to it.
pub(crate) fn block_on_alone<T>(
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if io::stdout().is_terminal() {
        block_on(command)
    } else {
        run_on(Builder::new_current_thread(), command)
    }
}

fn run_on<T>(
    mut builder: Builder,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let tokio = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = tokio.block_on(command);
    tokio.shutdown_background();
    result
}
