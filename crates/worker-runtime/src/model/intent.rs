//! The intent of a Worker: the reason that it exists, for people.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::UnknownVariant;

/// The reason for which a Worker exists. It is shown to people, and is not sent to the model.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(transform = super::fragments::tagged_union)]
#[expect(missing_docs, reason = "each payload documents itself")]
#[non_exhaustive]
pub enum Intent {
    Assistant(IntentAssistant),
    Task(IntentTask),
    Role(IntentRole),
    /// An intent that this version of the crate does not know. A command that has one is refused.
    #[serde(untagged, deserialize_with = "unknown_intent")]
    #[schemars(skip)]
    Unknown(Box<UnknownVariant>),
}

fn unknown_intent<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Box<UnknownVariant>, D::Error> {
    let known = ["assistant", "task", "role"];
    UnknownVariant::read(deserializer, |name| known.contains(&name)).map(Box::new)
}

impl Default for Intent {
    fn default() -> Self {
        Self::Assistant(IntentAssistant { purpose: None })
    }
}

/// The Worker assists somebody.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IntentAssistant {
    /// The purpose of the assistance, of 1 to `text_chars` characters. If absent, none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub purpose: Option<String>,
}

/// The Worker has one thing to achieve.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IntentTask {
    /// The thing to achieve, of 1 to `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub objective: String,
}

/// The Worker plays a role among others.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IntentRole {
    /// The name of the role, of 1 to `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub role: String,
    /// The purpose of the role, of 1 to `text_chars` characters. If absent, none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub purpose: Option<String>,
}
