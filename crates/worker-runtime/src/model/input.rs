//! Inputs of a Worker, seeded history, and the receipt of an input.

use std::sync::Arc;

use llm_engine::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{TurnId, WorkerRef};

/// The speaker of an input.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// The person or program that uses the Worker.
    User,
    /// The application that the Worker is a part of.
    System,
}

impl InputKind {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::User => Role::User,
            Self::System => Role::System,
        }
    }
}

/// An input: something that is said to a Worker.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The speaker of the input.
    pub kind: InputKind,
    /// The text that is said, of 1 to `input_bytes` bytes of UTF-8.
    #[schemars(with = "String", length(min = 1, max = 262_144))]
    pub text: Arc<str>,
}

impl Input {
    /// Makes an input that a user says.
    pub fn user(text: impl Into<Arc<str>>) -> Self {
        Self { kind: InputKind::User, text: text.into() }
    }

    /// Makes an input that the application says.
    pub fn system(text: impl Into<Arc<str>>) -> Self {
        Self { kind: InputKind::System, text: text.into() }
    }
}

impl<T: Into<Arc<str>>> From<T> for Input {
    /// Makes an input that a user says.
    fn from(text: T) -> Self {
        Self::user(text)
    }
}

/// An entry that the transcript of a new Worker begins with.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEntry {
    /// The speaker of the entry.
    pub role: Role,
    /// The text that is said, of 1 to `input_bytes` bytes of UTF-8.
    #[schemars(with = "String", length(min = 1, max = 262_144))]
    pub text: Arc<str>,
    /// The time at which the text was said, in milliseconds since the Unix epoch. If absent, it is
    /// the time of the creation.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: Option<u64>,
}

/// A reference to a configuration that the Backend keeps elsewhere. The Runtime keeps and shows the
/// reference and never reads the configuration.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigBundle {
    /// The name of the configuration, of 1 to `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub id: String,
    /// A digest of the configuration's content, of 1 to `text_chars` characters. If absent, none
    /// was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub digest: Option<String>,
}

/// The receipt of an input, which says that the input is committed and that its turn runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InputReceipt {
    /// The Worker that has the input.
    pub worker: WorkerRef,
    /// The id of the turn that answers the input.
    pub turn_id: TurnId,
    /// The `sequence` of the input's entry in the transcript. If absent, the input has no entry
    /// yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entry_sequence: Option<u64>,
}
