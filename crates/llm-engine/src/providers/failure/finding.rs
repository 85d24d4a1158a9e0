//! What is wrong with a call, as far as an error can say it.

use crate::ErrorKind;

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    /// A kind of failure that says everything.
    Kind(ErrorKind),
    /// The content filter of the provider refused the request.
    Filtered,
    /// The request is larger than what the provider allows in a whole minute or day.
    TooLargeForRate,
}

impl Finding {
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::Kind(kind) => kind,
            Self::Filtered => ErrorKind::InvalidRequest,
            Self::TooLargeForRate => ErrorKind::RateLimited,
        }
    }

    /// Returns whether the same call can succeed a little later.
    pub(super) fn is_transient(self) -> bool {
        match self {
            Self::Kind(kind) => kind.is_transient(),
            Self::Filtered | Self::TooLargeForRate => false,
        }
    }
}
