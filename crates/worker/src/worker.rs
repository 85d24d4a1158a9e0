//! The host of one conversation.

use std::{any::Any, sync::Arc};

use llm_engine::{Decision, Message, TokenUsage, ToolSet};

use crate::{
    HistorySelection, Profile, TokenEstimate,
    approval::{ApprovalRequest, Approver},
    tooling::Tooling,
};

/// A profile, a conversation, and the cost of its turns. A Worker runs one turn at a time.
///
/// A Worker runs a turn in one of two ways. [`turn`](Self::turn) and [`resume`](Self::resume)
/// answer the conversation in memory and add the answer to it. [`turn_over`](Self::turn_over)
/// answers a history that the caller keeps, for example in a database, and leaves the text to the
/// caller. In both cases the Worker records the cost of the turn and, if the provider reported it,
/// the average length of a token in the prompt.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(crate) profile: Arc<Profile>,
    pub(crate) instructions: Option<Arc<str>>,
    pub(crate) conversation: Vec<Message>,
    pub(crate) estimate: TokenEstimate,
    pub(crate) usage: WorkerUsage,
    pub(crate) tooling: Tooling,
}

/// The cost of a Worker's turns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct WorkerUsage {
    /// The number of turns that are over, however they ended.
    pub turns: u64,
    /// The token counts of all these turns, as far as the provider reported them.
    pub tokens: TokenUsage,
}

impl WorkerUsage {
    /// Adds a turn that is over.
    pub(crate) fn add(&mut self, turn: TokenUsage) {
        if self.turns == 0 {
            self.tokens = turn;
        } else {
            self.tokens += turn;
        }
        self.turns = self.turns.saturating_add(1);
    }
}

impl Worker {
    /// Creates a Worker with the profile's instructions and an empty conversation.
    #[must_use]
    pub fn new(profile: Arc<Profile>) -> Self {
        Self {
            instructions: profile.instructions.clone(),
            tooling: Tooling::new(profile.tools.clone()),
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

    /// Replaces the estimate of the bytes in a token, for example by the one that an earlier Worker
    /// of the same conversation learned.
    #[must_use]
    pub fn with_token_estimate(mut self, estimate: TokenEstimate) -> Self {
        self.estimate = estimate;
        self
    }

    /// Replaces the profile's tools.
    #[must_use]
    pub fn with_tools(mut self, tools: ToolSet) -> Self {
        self.tooling.tools = tools;
        self
    }

    /// Sets who decides about calls that need [approval](llm_engine::ToolSpec::approval). It may
    /// take its time, for example to ask a person. Without it, or if it panics, they are denied.
    ///
    /// All calls of a step that need approval are asked about at once, each by itself.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use llm_engine::{Decision, EchoProvider};
    /// use worker::{Profile, Worker};
    ///
    /// let profile = Profile::new("echo", Arc::new(EchoProvider::new()));
    /// let worker = Worker::new(Arc::new(profile)).with_approver(|request| async move {
    ///     match &*request.spec.name {
    ///         "move_file" => Decision::Allow,
    ///         _ => Decision::Deny { note: "only files may be moved".into() },
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn with_approver<F>(
        mut self,
        approver: impl Fn(ApprovalRequest) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Decision> + Send + 'static,
    {
        self.tooling.approver = Some(Approver::new(approver));
        self
    }

    /// Sets what [tools are told](llm_engine::ToolContext::host), such as for whom they act.
    #[must_use]
    pub fn with_tool_host(mut self, host: Arc<dyn Any + Send + Sync>) -> Self {
        self.tooling.host = Some(host);
        self
    }

    /// Returns the profile that the Worker was created with.
    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Returns all messages, oldest first.
    #[must_use]
    pub fn conversation(&self) -> &[Message] {
        &self.conversation
    }

    /// Returns the cost of all turns that are over.
    #[must_use]
    pub fn usage(&self) -> WorkerUsage {
        self.usage
    }

    /// Returns the estimate of the bytes in a token. It comes from the last turn whose provider
    /// reported the tokens of its prompt.
    #[must_use]
    pub fn token_estimate(&self) -> TokenEstimate {
        self.estimate
    }

    /// Begins to choose the history of the next turn within the profile's budget. The budget's
    /// tokens are counted by the [estimate](Self::token_estimate) that the Worker has learned.
    #[must_use]
    pub fn history_selection(&self) -> HistorySelection {
        self.profile.history.selector_with(self.estimate)
    }
}
