//! The kinds of providers, by name.

use std::{fmt, str::FromStr};

use llm_engine::{ShortText, providers};

/// The echo provider, or a provider that reaches a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProviderKind {
    /// The echo provider, which answers with what it is told and needs no model.
    Echo,
    /// A provider that reaches a model.
    Model(providers::ProviderKind),
}

/// The error of a name that is none of a provider.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown provider {given:?}; known are echo, {}", known())]
pub struct UnknownProvider {
    given: ShortText,
}

impl ProviderKind {
    /// Returns the stable name, which is used in flags and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Model(kind) => kind.as_str(),
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        if name == Self::Echo.as_str() {
            return Ok(Self::Echo);
        }
        let kind = name.parse().map(Self::Model);
        kind.map_err(|_| UnknownProvider { given: ShortText::cut(name, 64) })
    }
}

fn known() -> String {
    providers::ProviderKind::ALL.map(providers::ProviderKind::as_str).join(", ")
}
