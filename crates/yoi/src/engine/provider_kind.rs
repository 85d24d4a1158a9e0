//! The kinds of providers, by name.

use std::{fmt, str::FromStr};

use llm_engine::{ShortText, providers};
use serde::Deserialize;

/// The echo provider, or a protocol of model servers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) enum ProviderKind {
    Echo,
    Model(providers::ProviderKind),
}

impl ProviderKind {
    /// Returns the stable name, which is used in flags and files.
    pub(crate) fn as_str(self) -> &'static str {
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
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == Self::Echo.as_str() {
            return Ok(Self::Echo);
        }
        name.parse().map(Self::Model).map_err(|_| {
            let name = ShortText::cut(name, 64);
            let known = providers::ProviderKind::ALL.map(providers::ProviderKind::as_str);
            format!("unknown provider {name:?}; known are echo, {}", known.join(", "))
        })
    }
}

impl TryFrom<String> for ProviderKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}
