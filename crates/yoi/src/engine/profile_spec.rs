//! The description of a profile, from which the profile is built.

use llm_engine::{Deadlines, Policy, RetryPolicy, Sampling};
use worker::{HistoryBudget, Profile};

use super::{provider_choice::ProviderChoice, provider_kind::ProviderKind};

/// The description of a profile.
#[derive(Clone, Debug)]
pub(crate) struct ProfileSpec {
    pub(crate) name: String,
    pub(crate) provider: ProviderChoice,
    pub(crate) instructions: Option<String>,
    pub(crate) sampling: Sampling,
    pub(crate) deadlines: Deadlines,
    pub(crate) retry: RetryPolicy,
    pub(crate) history: HistoryBudget,
}

impl ProfileSpec {
    /// Creates a description with the defaults for everything but the provider.
    pub(crate) fn new(name: impl Into<String>, provider: ProviderChoice) -> Self {
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

    /// Creates the description of a profile of the echo provider.
    pub(crate) fn echo(name: &str) -> Self {
        Self::new(name, ProviderChoice::new(ProviderKind::Echo))
    }

    /// Builds the profile. The error is the reason why its provider cannot be built.
    pub(crate) fn build(&self) -> Result<Profile, String> {
        Ok(Profile {
            name: self.name.as_str().into(),
            provider: self.provider.build()?,
            model: self.provider.model.as_deref().map(Into::into),
            instructions: self.instructions.as_deref().map(Into::into),
            sampling: self.sampling.clone().into(),
            policy: Policy::default().deadlines(self.deadlines).retry(self.retry).into(),
            history: self.history,
        })
    }
}
