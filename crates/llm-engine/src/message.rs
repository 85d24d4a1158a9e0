//! What a conversation is made of.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who speaks in a conversation.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person or program that uses the model.
    User,
    /// The application, speaking within the conversation. Instructions are not a message.
    System,
    /// The model.
    Assistant,
}

/// One contribution to a conversation. Its text is shared, never copied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: Arc<str>,
}

impl Message {
    /// What a user says.
    pub fn user(text: impl Into<Arc<str>>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// What the application says.
    pub fn system(text: impl Into<Arc<str>>) -> Self {
        Self { role: Role::System, text: text.into() }
    }

    /// What the model says.
    pub fn assistant(text: impl Into<Arc<str>>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}
