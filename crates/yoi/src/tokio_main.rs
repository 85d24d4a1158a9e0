//! The tokio runtime on which a command runs.

use tokio::runtime::Builder;

use crate::failure::Failure;

/// Runs a command to its end. Blocking work that is left, such as a read of stdin, is not waited
/// for.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let tokio = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = tokio.block_on(command);
    tokio.shutdown_background();
    result
}
