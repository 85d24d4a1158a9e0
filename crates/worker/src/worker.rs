//! The host of one conversation.

use std::sync::Arc;

use llm_engine::{Message, TokenUsage};

use crate::{Profile, TokenEstimate, WorkerTurn};

/// A profile, a conversation, and what it has cost. Runs one turn at a time.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(crate) profile: Arc<Profile>,
    pub(crate) instructions: Option<Arc<str>>,
    pub(crate) conversation: Vec<Message>,
    pub(crate) estimate: TokenEstimate,
    pub(crate) usage: WorkerUsage,
}

/// What the turns of a Worker have cost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WorkerUsage {
    /// Turns that are over, however they ended.
    pub turns: u64,
    /// The tokens of all of them, as far as the provider told.
    pub tokens: TokenUsage,
}

impl Worker {
    /// A Worker with the profile's instructions and nothing said yet.
    #[must_use]
    pub fn new(profile: Arc<Profile>) -> Self {
        Self {
            instructions: profile.instructions.clone(),
            profile,
            conversation: Vec::new(),
            estimate: TokenEstimate::default(),
            usage: WorkerUsage::default(),
        }
    }

    /// Replaces the profile's instructions; `None` keeps them.
    #[must_use]
    pub fn with_instructions(mut self, instructions: Option<Arc<str>>) -> Self {
        self.instructions = instructions.or(self.instructions);
        self
    }

    /// Replaces the conversation, oldest message first.
    #[must_use]
    pub fn with_history(mut self, history: Vec<Message>) -> Self {
        self.conversation = history;
        self
    }

    /// Tells how many bytes a token had in an earlier turn. Each turn learns it anew.
    #[must_use]
    pub fn with_token_estimate(mut self, estimate: TokenEstimate) -> Self {
        self.estimate = estimate;
        self
    }

    /// The configuration.
    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// All that was said, oldest first.
    #[must_use]
    pub fn conversation(&self) -> &[Message] {
        &self.conversation
    }

    /// What all turns that are over have cost.
    #[must_use]
    pub fn usage(&self) -> WorkerUsage {
        self.usage
    }

    /// Adds `input` to the conversation and has the model answer it.
    ///
    /// The input stays in the conversation, however the turn ends.
    pub fn turn(&mut self, input: Message) -> WorkerTurn<'_> {
        self.conversation.push(input);
        self.resume()
    }

    /// Has the model answer the conversation as it stands: its newest message is the input.
    pub fn resume(&mut self) -> WorkerTurn<'_> {
        WorkerTurn::new(self)
    }
}
