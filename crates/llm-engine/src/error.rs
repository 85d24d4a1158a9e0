//! The errors of model calls and turns.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ProviderError, ShortText};

/// The kind of a failure, in terms that a caller can act on.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider did not accept the key: set the right one.
    Authentication,
    /// The key is known and not allowed to do this.
    PermissionDenied,
    /// There is no such model or address.
    NotFound,
    /// The provider refused the request as it is.
    InvalidRequest,
    /// The conversation does not fit into the model's context: shorten it.
    ContextLengthExceeded,
    /// The account has nothing left to spend.
    QuotaExceeded,
    /// Too many requests: wait.
    RateLimited,
    /// The provider has no capacity just now.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider could not be reached, or the connection broke before any output.
    Connection,
    /// A deadline passed: the first event, the next event, or the whole turn.
    Timeout,
    /// The stream ended or broke before its end.
    Interrupted,
    /// The answer did not follow the provider's protocol: check the address.
    Protocol,
    /// The answer went past the cap.
    TooLarge,
    /// The provider's code panicked.
    Panicked,
    /// The model asked for more steps than a turn may have. Of a turn, never of a model call.
    Limit,
    /// The model made the same tool call again and again. Of a turn, never of a model call.
    Repeated,
}

impl ErrorKind {
    /// All kinds of a failed model call.
    pub const ALL: [Self; 15] = [
        Self::Authentication,
        Self::PermissionDenied,
        Self::NotFound,
        Self::InvalidRequest,
        Self::ContextLengthExceeded,
        Self::QuotaExceeded,
        Self::RateLimited,
        Self::Overloaded,
        Self::Server,
        Self::Connection,
        Self::Timeout,
        Self::Interrupted,
        Self::Protocol,
        Self::TooLarge,
        Self::Panicked,
    ];

    /// Returns the name on the wire, such as `rate_limited`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Protocol => "protocol",
            Self::TooLarge => "too_large",
            Self::Panicked => "panicked",
            Self::Limit => "limit",
            Self::Repeated => "repeated",
        }
    }

    /// Returns whether the same call can succeed a little later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Overloaded
            | Self::Server
            | Self::Connection
            | Self::Timeout
            | Self::Interrupted => true,
            Self::Authentication
            | Self::PermissionDenied
            | Self::NotFound
            | Self::InvalidRequest
            | Self::ContextLengthExceeded
            | Self::QuotaExceeded
            | Self::Protocol
            | Self::TooLarge
            | Self::Panicked
            | Self::Limit
            | Self::Repeated => false,
        }
    }
}

/// A failed model call.
///
/// The message is for people. It names the failure and the remedy in words of this crate, and holds
/// no key and no path of the host. A long message is cut. The provider's own words stand beside it,
/// in [`provider`](Self::provider).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind}: {message}", kind = kind.as_str())]
#[non_exhaustive]
pub struct EngineError {
    /// The kind of the failure.
    pub kind: ErrorKind,
    /// The failure and its remedy, for people.
    pub message: ShortText,
    /// Whether the same call can succeed later.
    pub retryable: bool,
    /// The time that the provider asked to wait.
    pub retry_after: Option<Duration>,
    /// What the provider itself said. `None` if it said nothing, or was not reached.
    pub provider: Option<Box<ProviderError>>,
}

impl EngineError {
    /// Creates an error of `kind`, which is retryable if that kind is transient.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: ShortText::from(message.into()),
            retryable: kind.is_transient(),
            retry_after: None,
            provider: None,
        }
    }

    /// Sets the time that the provider asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets what the provider itself said. If that is nothing, it counts as absent.
    #[must_use]
    pub fn with_provider(mut self, provider: ProviderError) -> Self {
        self.provider = (!provider.is_empty()).then(|| Box::new(provider));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_be_long() {
        let error = EngineError::new(ErrorKind::Server, "\u{1b}[2Jno ".repeat(1_000_000));
        assert_eq!(error.message.chars().count(), ShortText::MAX_CHARS);
        assert!(!error.to_string().contains(char::is_control));
    }
}
