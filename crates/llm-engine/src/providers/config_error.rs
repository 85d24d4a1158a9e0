//! The errors of a configuration.

use super::ProviderKind;
use crate::ShortText;

/// A configuration that cannot work. The message names the field and what is allowed, and never
/// the value of a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The name of the protocol is unknown.
    #[error("provider {given:?} is unknown; known are {}", known_kinds())]
    UnknownProvider {
        /// The name that was given.
        given: ShortText,
    },
    /// The address cannot be used.
    #[error("base_url {problem}; it is an address such as {}", .kind.default_base_url())]
    BaseUrl {
        /// The protocol that the address is for.
        kind: ProviderKind,
        /// The problem of the address.
        problem: &'static str,
    },
    /// There is no address, and the provider has no usual one.
    #[error(
        "base_url is missing: {kind} has no usual address; set {}, or an address such as {}",
        .kind.base_url_variable(),
        .kind.default_base_url()
    )]
    BaseUrlMissing {
        /// The provider that needs an address.
        kind: ProviderKind,
    },
    /// There is no key, and the server is not on this machine.
    #[error(
        "api_key is missing: {kind} at an address that is not of this machine needs one; {} counts \
         only for the usual address and the one in {}",
        .kind.api_key_variables()[0],
        .kind.base_url_variable()
    )]
    ApiKeyMissing {
        /// The protocol that needs a key.
        kind: ProviderKind,
    },
    /// The key cannot be used.
    #[error("api_key {problem}; it is one line of visible ASCII characters")]
    ApiKey {
        /// The problem of the key.
        problem: &'static str,
    },
    /// A header cannot be sent.
    #[error("header {name:?} {problem}")]
    Header {
        /// The name of the header.
        name: ShortText,
        /// The problem of the header.
        problem: &'static str,
    },
    /// A field of the body cannot be added.
    #[error("extra field {name:?} {problem}")]
    Extra {
        /// The name of the field.
        name: ShortText,
        /// The problem of the field.
        problem: &'static str,
    },
    /// The time to connect is zero.
    #[error("connect_timeout is zero; it is a time above that, such as 10 s")]
    ConnectTimeout,
    /// An environment variable cannot be read.
    #[error("the environment variable {variable} is not valid Unicode")]
    Variable {
        /// The name of the variable.
        variable: &'static str,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: check the system's TLS certificates and proxies")]
    Client,
}

impl ConfigError {
    /// Returns the field at fault, by its name in flags and files.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::UnknownProvider { .. } => "provider",
            Self::BaseUrl { .. } | Self::BaseUrlMissing { .. } => "base_url",
            Self::ApiKeyMissing { .. } | Self::ApiKey { .. } => "api_key",
            Self::Header { .. } => "headers",
            Self::Extra { .. } => "extra",
            Self::ConnectTimeout => "connect_timeout",
            Self::Variable { .. } => "environment",
            Self::Client => "client",
        }
    }
}

impl ConfigError {
    /// Returns as much of a name as an error repeats.
    pub(super) fn name(name: &str) -> ShortText {
        ShortText::cut(name, 64)
    }
}

fn known_kinds() -> String {
    ProviderKind::ALL.map(ProviderKind::as_str).join(", ")
}
