//! Inputs of a Worker, seeded history, and the receipt of an input.

use std::sync::Arc;

use llm_engine::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{TurnId, WorkerRef};

/// Who an input speaks for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// The person or program that uses the Worker.
    User,
    /// The application around it.
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

/// Something said to a Worker.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Who says it.
    pub kind: InputKind,
    /// What is said; not empty, at most `input_bytes` bytes of UTF-8.
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

/// An entry that a Worker's transcript begins with.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEntry {
    /// Who speaks.
    pub role: Role,
    /// What is said; not empty, at most `input_bytes` bytes of UTF-8.
    #[schemars(with = "String", length(min = 1, max = 262_144))]
    pub text: Arc<str>,
    /// When it was said, in milliseconds since the Unix epoch; the time of the creation if absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub at_ms: Option<u64>,
}

/// A configuration that the Backend keeps elsewhere. Carried and shown, never read.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigBundle {
    /// What the Backend calls it, in at most `text_chars` characters.
    #[schemars(length(min = 1, max = 1024))]
    pub id: String,
    /// A digest of its content, in at most `text_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub digest: Option<String>,
}

/// The promise that an input is in the transcript and that its turn runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InputReceipt {
    /// The Worker that has the input.
    pub worker: WorkerRef,
    /// The turn that answers it.
    pub turn_id: TurnId,
    /// The input's place in the transcript; absent while it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub entry_sequence: Option<u64>,
}
