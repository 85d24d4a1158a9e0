//! The messages of a conversation.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The speaker of a message in a conversation.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The person or program that uses the model.
    User,
    /// The application, which speaks within the conversation. Instructions are not a message.
    System,
    /// The model, which answers.
    Assistant,
}

/// A message of a conversation. Clones share its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// The speaker.
    pub role: Role,
    /// The text of the message.
    pub text: Arc<str>,
}

impl Message {
    /// Creates a message of `role`.
    pub fn new(role: Role, text: impl Into<Arc<str>>) -> Self {
        Self { role, text: text.into() }
    }

    /// Creates a message of the user.
    pub fn user(text: impl Into<Arc<str>>) -> Self {
        Self::new(Role::User, text)
    }

    /// Creates a message of the application.
    pub fn system(text: impl Into<Arc<str>>) -> Self {
        Self::new(Role::System, text)
    }

    /// Creates a message of the model.
    pub fn assistant(text: impl Into<Arc<str>>) -> Self {
        Self::new(Role::Assistant, text)
    }
}
