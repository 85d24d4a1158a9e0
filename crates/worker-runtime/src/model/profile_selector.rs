//! Selectors of a profile.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::UnknownVariant;

/// The choice of a profile. It is resolved anew at each turn.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(transform = super::fragments::tagged_union)]
#[expect(missing_docs, reason = "each payload documents itself")]
#[non_exhaustive]
pub enum ProfileSelector {
    RuntimeDefault(ProfileSelectorDefault),
    Builtin(ProfileSelectorBuiltin),
    Named(ProfileSelectorNamed),
    /// A selector that this version of the crate does not know. A command that has one is refused.
    #[serde(untagged, deserialize_with = "unknown_selector")]
    #[schemars(skip)]
    Unknown(Box<UnknownVariant>),
}

fn unknown_selector<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Box<UnknownVariant>, D::Error> {
    let known = ["runtime_default", "builtin", "named"];
    UnknownVariant::read(deserializer, |name| known.contains(&name)).map(Box::new)
}

impl Default for ProfileSelector {
    fn default() -> Self {
        Self::RuntimeDefault(ProfileSelectorDefault {})
    }
}

impl ProfileSelector {
    /// Selects the profile that the Backend gave the Runtime under this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::Named(ProfileSelectorNamed { name: name.into() })
    }

    /// Selects a profile that comes with the Runtime.
    pub fn builtin(name: impl Into<String>) -> Self {
        Self::Builtin(ProfileSelectorBuiltin { name: name.into() })
    }
}

/// The default profile of the Runtime.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSelectorDefault {}

/// A profile that comes with the Runtime, such as `echo`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSelectorBuiltin {
    /// The name of the built-in profile, of 1 to `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub name: String,
}

/// A profile that the Backend gave to the Runtime.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSelectorNamed {
    /// The name that the Backend gave to the profile, of 1 to `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub name: String,
}
