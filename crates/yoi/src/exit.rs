//! How the process ends, as scripts see it.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// What was asked for is done, or nobody reads it any more.
    Completed,
    /// It failed, and would fail again.
    Failed,
    /// It was asked for or configured in a way that makes no sense.
    Usage,
    /// It failed, but the same may succeed later; `EX_TEMPFAIL` of `sysexits.h`.
    TryAgain,
    /// SIGINT ended it.
    Interrupted,
    /// SIGTERM ended it.
    Terminated,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Completed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::TryAgain => 75,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        })
    }
}
