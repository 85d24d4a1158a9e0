//! The error that ends a command: a message and an exit code.

use std::{fmt, io};

use worker_runtime::{BuildError, Retry, RuntimeError};

use crate::{exit::Exit, report};

/// The error that ends a command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The message for stderr. `None` if stdout was closed by its reader, which is not reported.
    message: Option<String>,
    /// Lines that follow the message.
    more: Option<String>,
    /// Whether the message is followed by a pointer to `--help`.
    has_help: bool,
}

impl Failure {
    /// Creates a failure that would repeat.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: Some(message.into()), more: None, has_help: false }
    }

    /// Creates a failure that may not repeat.
    pub(crate) fn temporary(message: impl Into<String>) -> Self {
        Self { exit: Exit::TryAgain, ..Self::new(message) }
    }

    /// Creates the failure of the place where conversations are kept.
    pub(crate) fn storage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Storage, ..Self::new(message) }
    }

    /// Creates the failure of an invalid command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, has_help: true, ..Self::new(message) }
    }

    /// Creates the failure of a configuration that cannot be used.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// Creates the failure of a write to stdout. If the reader closed stdout early, as `head` does,
    /// the exit code is that of a success, because the reader has read all that it wanted.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self { exit: Exit::Completed, message: None, more: None, has_help: false }
        } else {
            Self::new(format!("cannot write to stdout: {error}"))
        }
    }

    /// Sets lines that follow the message.
    pub(crate) fn followed_by(self, more: Option<String>) -> Self {
        Self { more, ..self }
    }

    /// Returns whether a store could not be used, or is in use elsewhere.
    pub(crate) fn is_of_store(&self) -> bool {
        matches!(self.exit, Exit::Storage | Exit::TryAgain)
    }

    /// Prints the message to stderr as a note, for a command that goes on.
    pub(crate) fn note(self, before: &str) {
        if let Some(message) = self.message {
            report::note(&format!("{before}{message}"));
        }
    }

    /// Prints the message to stderr, and returns the exit code.
    pub(crate) fn report(self) -> Exit {
        if let Some(message) = self.message {
            report::error(&message);
        }
        if let Some(more) = self.more {
            report::more(&more);
        }
        if self.has_help {
            report::hint("\nFor more information, try '--help'.");
        }
        self.exit
    }
}

/// Shows the message alone.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_default())
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        if matches!(error, RuntimeError::StoreFailed { .. }) {
            return Self::storage(error.to_string());
        }
        match error.retry() {
            Retry::AfterChange {} | Retry::SameRequest {} | Retry::AfterMs { .. } => {
                Self::temporary(error.to_string())
            }
            _ => Self::new(error.to_string()),
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match &error {
            BuildError::Invalid(_) | BuildError::ModelMissing { .. } => {
                Self::usage(error.to_string())
            }
            BuildError::StoreFailed(_) | BuildError::NewerFormat { .. } => {
                Self::storage(error.to_string())
            }
            _ => Self::new(error.to_string()),
        }
    }
}
