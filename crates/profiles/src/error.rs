//! The errors of a profiles file and of the profiles in it.

use std::{fmt, io, path::PathBuf};

use llm_engine::{
    ShortText,
    providers::{self, ConfigError},
};

use crate::SecretError;

/// The most characters of a profile's name that an error repeats.
pub(crate) const PROFILE_CHARS: usize = 64;

/// The reason why the profiles of a file cannot be used. No message shows a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfilesError {
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the read.
        error: io::Error,
    },
    /// The file is read and says something that it must not say.
    #[error("{}:{line}:{column}: {}{problem}", path.display(), prefix(key))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// The column in characters, from 1 on.
        column: usize,
        /// The dotted path of the key, such as `profiles.local.model`. It is empty where the text is
        /// not TOML.
        key: ShortText,
        /// What is wrong, and what is allowed.
        problem: ShortText,
    },
    /// The file is right, and a profile of it cannot be built.
    #[error("the profile `{profile}` cannot be used: {error}")]
    Unusable {
        /// The name of the profile.
        profile: ShortText,
        /// The reason.
        error: SpecError,
    },
}

/// The reason why a profile or its provider cannot be built. The message names keys of a profiles
/// file and environment variables, and never the value of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A secret cannot be read.
    #[error("{key}: {error}")]
    Secret {
        /// The key of the profile that says where the secret is, such as `headers.x-title`.
        key: ShortText,
        /// The reason.
        error: SecretError,
    },
    /// The provider needs a key, and there is none.
    #[error(transparent)]
    KeyMissing(KeyMissing),
    /// The provider needs the name of a model, and there is none.
    #[error("missing field `model`, which {kind} needs")]
    ModelMissing {
        /// The provider.
        kind: providers::ProviderKind,
    },
    /// The echo provider was asked which models it offers.
    #[error("it has no models")]
    NoModels,
    /// The address in an environment variable cannot be used.
    #[error("{variable}: {error}")]
    AddressVariable {
        /// The variable.
        variable: &'static str,
        /// The reason.
        error: ConfigError,
    },
    /// The provider cannot be built for another reason.
    #[error(transparent)]
    Provider(ConfigError),
}

/// The error of a provider that needs a key and has none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyMissing {
    kind: providers::ProviderKind,
    has_base_url: bool,
}

impl KeyMissing {
    pub(crate) fn new(kind: providers::ProviderKind, has_base_url: bool) -> Self {
        Self { kind, has_base_url }
    }

    /// Returns the environment variable that usually holds the key.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.kind.api_key_variables()[0]
    }

    /// Returns the message with one more way to say where the key is, such as a flag of a program.
    #[must_use]
    pub fn with_way(&self, way: &str) -> String {
        self.message(&format!(" or {way}"))
    }

    fn message(&self, more: &str) -> String {
        let (kind, variable) = (self.kind, self.variable());
        let place = format!("say where it is by `key = {{ env = \"{variable}\" }}`{more}");
        if !self.has_base_url && kind.has_default_base_url() {
            return format!("it needs a key: set {variable}, or {place}");
        }
        let usual = if kind.has_default_base_url() {
            format!("{} and for ", kind.default_base_url())
        } else {
            String::new()
        };
        format!(
            "it needs a key: {place}; that variable counts by itself only for {usual}the address \
             in {}",
            kind.base_url_variable()
        )
    }
}

impl fmt::Display for KeyMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(""))
    }
}

impl std::error::Error for KeyMissing {}

fn prefix(key: &ShortText) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}
