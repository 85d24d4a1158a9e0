//! The configuration of a Worker: its model and the settings for it.

use std::{fmt, sync::Arc};

use llm_engine::{Policy, Provider, Sampling, StepLimits, ToolSet};

use crate::HistoryBudget;

/// A named configuration that any number of Workers share.
///
/// The struct stays open to functional update and to construction by its fields.
#[derive(Clone)]
pub struct Profile {
    /// The name of the profile.
    pub name: Arc<str>,
    /// The provider of the model.
    pub provider: Arc<dyn Provider>,
    /// The model's name at the provider. `None` is the provider's own choice, which a provider that
    /// [needs a model](Provider::needs_model) does not have.
    pub model: Option<Arc<str>>,
    /// The description of the model's task, outside the conversation.
    pub instructions: Option<Arc<str>>,
    /// The sampling parameters.
    pub sampling: Arc<Sampling>,
    /// The limits of each turn.
    pub policy: Arc<Policy>,
    /// The limits of the history that the model is given.
    pub history: HistoryBudget,
    /// The tools that the model is offered.
    pub tools: ToolSet,
    /// The limits of the steps of a turn that uses tools.
    pub step_limits: StepLimits,
}

impl Profile {
    /// Creates a profile that leaves the rest to the provider and to the defaults.
    pub fn new(name: impl Into<Arc<str>>, provider: Arc<dyn Provider>) -> Self {
        Self {
            name: name.into(),
            provider,
            model: None,
            instructions: None,
            sampling: Arc::default(),
            policy: Arc::default(),
            history: HistoryBudget::default(),
            tools: ToolSet::default(),
            step_limits: StepLimits::default(),
        }
    }

    /// Sets the model's name.
    #[must_use]
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets the instructions.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Sets the sampling parameters.
    #[must_use]
    pub fn sampling(mut self, sampling: impl Into<Arc<Sampling>>) -> Self {
        self.sampling = sampling.into();
        self
    }

    /// Sets the limits of each turn.
    #[must_use]
    pub fn policy(mut self, policy: impl Into<Arc<Policy>>) -> Self {
        self.policy = policy.into();
        self
    }

    /// Sets the limits of the history that the model is given.
    #[must_use]
    pub fn history(mut self, history: HistoryBudget) -> Self {
        self.history = history;
        self
    }

    /// Sets the tools that the model is offered.
    #[must_use]
    pub fn tools(mut self, tools: ToolSet) -> Self {
        self.tools = tools;
        self
    }

    /// Sets the limits of the steps of a turn that uses tools.
    #[must_use]
    pub fn step_limits(mut self, limits: StepLimits) -> Self {
        self.step_limits = limits;
        self
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("provider", &self.provider.name())
            .field("model", &self.model)
            .field("instructions", &self.instructions)
            .field("sampling", &self.sampling)
            .field("policy", &self.policy)
            .field("history", &self.history)
            .field("tools", &self.tools)
            .field("step_limits", &self.step_limits)
            .finish()
    }
}
