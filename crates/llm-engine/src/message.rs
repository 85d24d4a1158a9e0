//! The messages of a conversation.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Step;

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
    /// The whole step, where the message is one of the model's that called tools, or that its
    /// provider wants back in its parts. The text of the message is that of the step.
    pub step: Option<Arc<Step>>,
}

impl Message {
    /// Creates a message of `role`.
    pub fn new(role: Role, text: impl Into<Arc<str>>) -> Self {
        Self { role, text: text.into(), step: None }
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

    /// Creates a message of the model with all parts of its output, and the results of its calls.
    #[must_use]
    pub fn step(step: Step) -> Self {
        Self { text: step.text().into(), step: Some(step.into()), ..Self::assistant("") }
    }

    /// Returns the bytes that the message takes in a request, without the frame around it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.step.as_ref().map_or(self.text.len(), |step| step.bytes())
    }
}
