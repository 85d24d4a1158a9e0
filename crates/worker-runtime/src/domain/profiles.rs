//! The profiles that a Runtime was built with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use llm_engine::EchoProvider;
use worker::Profile;

use crate::{
    error::RuntimeError,
    model::{AvailableProfile, Limits, ProfileSelector},
};

/// The profiles that a Runtime was built with, and the built-in profiles.
#[derive(Debug)]
pub(crate) struct Profiles {
    builtin: BTreeMap<String, Arc<Profile>>,
    named: BTreeMap<String, Arc<Profile>>,
    default: Arc<Profile>,
}

impl Profiles {
    /// Bounds the profiles by the limits. The first given profile is the default; without any, the
    /// built-in `echo` is.
    pub(crate) fn new(given: Vec<Profile>, limits: &Limits) -> Self {
        let bounded = |profile: Profile| Arc::new(bounded(profile, limits));
        let echo = bounded(Profile::new("echo", Arc::new(EchoProvider::new())));
        let given: Vec<Arc<Profile>> = given.into_iter().map(bounded).collect();
        Self {
            default: Arc::clone(given.first().unwrap_or(&echo)),
            named: given.into_iter().map(|profile| (profile.name.to_string(), profile)).collect(),
            builtin: BTreeMap::from([("echo".to_owned(), echo)]),
        }
    }

    /// Returns the selected profile.
    pub(crate) fn resolve(
        &self,
        selector: &ProfileSelector,
    ) -> Result<&Arc<Profile>, RuntimeError> {
        match selector {
            ProfileSelector::RuntimeDefault(_) => Some(&self.default),
            ProfileSelector::Builtin(it) => self.builtin.get(&it.name),
            ProfileSelector::Named(it) => self.named.get(&it.name),
            ProfileSelector::Unknown(_) => None,
        }
        .ok_or(RuntimeError::ProfileNotFound {})
    }

    pub(crate) fn available(&self) -> Vec<AvailableProfile> {
        let describe = |selector, profile: &Profile| AvailableProfile {
            selector,
            provider: profile.provider.name().to_owned(),
            model: profile.model.as_deref().map(ToOwned::to_owned),
        };
        let default = describe(ProfileSelector::default(), &self.default);
        let builtin =
            self.builtin.iter().map(|(name, it)| describe(ProfileSelector::builtin(name), it));
        let named = self.named.iter().map(|(name, it)| describe(ProfileSelector::named(name), it));
        std::iter::once(default).chain(builtin).chain(named).collect()
    }
}

/// Returns the profile with its deadlines and its output size lowered to the Runtime's limits.
fn bounded(mut profile: Profile, limits: &Limits) -> Profile {
    let policy = Arc::make_mut(&mut profile.policy);
    let at_most = |deadline: &mut Duration, limit_ms| {
        *deadline = (*deadline).min(Duration::from_millis(limit_ms));
    };
    at_most(&mut policy.deadlines.first_event, limits.turn_first_event_ms);
    at_most(&mut policy.deadlines.idle, limits.turn_idle_ms);
    at_most(&mut policy.deadlines.turn, limits.turn_ms);
    let answer_bytes = usize::try_from(limits.answer_bytes).unwrap_or(usize::MAX);
    policy.max_output_bytes = policy.max_output_bytes.min(answer_bytes);
    profile
}
