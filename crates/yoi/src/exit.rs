//! The exit codes of the process.

use std::process::ExitCode;

/// The reason why the process ends, which is its exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// The command succeeded, or stdout was closed by its reader.
    Completed,
    /// The command failed, and would fail again.
    Failed,
    /// The command line or the configuration is invalid.
    Usage,
    /// The place where conversations are kept cannot be read or written. This is `EX_IOERR` of
    /// `sysexits.h`.
    Storage,
    /// The command failed, but may succeed later. This is `EX_TEMPFAIL` of `sysexits.h`.
    TryAgain,
    /// SIGINT ended the process.
    Interrupted,
    /// SIGTERM ended the process.
    Terminated,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Completed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Storage => 74,
            Exit::TryAgain => 75,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        })
    }
}
