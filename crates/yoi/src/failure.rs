//! Why a command ended before its work was done.

use std::io;

use worker_runtime::{BuildError, Retry, RuntimeError};

use crate::{exit::Exit, report};

/// Why a command ended before its work was done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// `None` where there is nobody to tell.
    message: Option<String>,
    /// Whether the command line's own help says more.
    has_help: bool,
}

impl Failure {
    /// It cannot be done.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: Some(message.into()), has_help: false }
    }

    /// It cannot be done now.
    pub(crate) fn for_now(message: impl Into<String>) -> Self {
        Self { exit: Exit::TryAgain, ..Self::new(message) }
    }

    /// It was asked for in a way that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, has_help: true, ..Self::new(message) }
    }

    /// What is configured cannot be used.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// Nothing can be written to stdout. Whoever closed it, such as `head`, has seen enough.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self { exit: Exit::Completed, message: None, has_help: false }
        } else {
            Self::new(format!("cannot write to stdout: {error}"))
        }
    }

    /// Says on stderr what there is to say.
    pub(crate) fn report(self) -> Exit {
        if let Some(message) = self.message {
            report::error(&message);
        }
        if self.has_help {
            report::hint("\nFor more information, try '--help'.");
        }
        self.exit
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        match error.retry() {
            Retry::Never {} => Self::new(error.to_string()),
            Retry::AfterChange {} | Retry::SameRequest {} | Retry::AfterMs { .. } => {
                Self::for_now(error.to_string())
            }
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match &error {
            BuildError::Invalid(_) => Self::usage(error.to_string()),
            BuildError::NoStore
            | BuildError::NoTokio
            | BuildError::StoreOwned { .. }
            | BuildError::OtherRuntime { .. }
            | BuildError::StoreFailed(_) => Self::new(error.to_string()),
        }
    }
}
