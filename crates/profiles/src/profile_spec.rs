//! The description of a profile, from which the profile is built.

use llm_engine::{Deadlines, Policy, RetryPolicy, Sampling};
use worker::{HistoryBudget, Profile};

use crate::{ProviderSpec, SpecError};

/// The description of a profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfileSpec {
    /// The name of the profile.
    pub name: String,
    /// The provider, with the name of the model.
    pub provider: ProviderSpec,
    /// The description of the model's task, outside the conversation.
    pub instructions: Option<String>,
    /// The sampling parameters.
    pub sampling: Sampling,
    /// The deadlines of each turn.
    pub deadlines: Deadlines,
    /// The retries of calls that failed before any answer.
    pub retry: RetryPolicy,
    /// The limits of the history that the model is given.
    pub history: HistoryBudget,
}

impl ProfileSpec {
    /// Creates a description with the defaults for everything but the provider.
    #[must_use]
    pub fn new(name: impl Into<String>, provider: ProviderSpec) -> Self {
        Self {
            name: name.into(),
            provider,
            instructions: None,
            sampling: Sampling::default(),
            deadlines: Deadlines::default(),
            retry: RetryPolicy::default(),
            history: HistoryBudget::default(),
        }
    }

    /// Builds the profile. Reads its key and its headers, from the environment and from files.
    pub fn build(&self) -> Result<Profile, SpecError> {
        let provider = self.provider.build()?;
        Ok(Profile {
            model: self.provider.model.as_deref().map(Into::into),
            instructions: self.instructions.as_deref().map(Into::into),
            sampling: self.sampling.clone().into(),
            policy: Policy::default().deadlines(self.deadlines).retry(self.retry).into(),
            history: self.history,
            ..Profile::new(self.name.as_str(), provider)
        })
    }
}
