//! The errors of connections.

use std::error::Error;

use crate::{EngineError, ErrorKind};

/// Returns the error of a call that got no answer.
pub(in crate::providers) fn unreachable(error: &reqwest::Error, origin: &str) -> EngineError {
    let what = if error.is_connect() {
        let cause = innermost(error);
        format!("could not connect to {origin} ({cause}); check base_url, network and proxy")
    } else {
        format!("the connection to {origin} broke before an answer came; try again")
    };
    EngineError::new(ErrorKind::Connection, what)
}

/// Returns the error of an answer that broke off. Before any output the call may be made again.
pub(in crate::providers) fn broken(has_output: bool) -> EngineError {
    if has_output {
        EngineError::new(
            ErrorKind::Interrupted,
            "the provider's answer broke off before its end; try again",
        )
    } else {
        EngineError::new(
            ErrorKind::Connection,
            "the connection broke before the provider said anything; try again",
        )
    }
}

/// Returns the innermost cause. It comes from this machine's own network code, not from the
/// provider.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "no cause is known".to_owned(), ToString::to_string)
}
