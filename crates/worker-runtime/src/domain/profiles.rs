//! The profiles that a Runtime was built with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ModelRequest, Provider, ProviderStream};
use worker::Profile;

use crate::{
    error::RuntimeError,
    model::{AvailableProfile, Limits, ProfileSelector},
    sync::PerGroup,
};

/// The profiles that a Runtime was built with, and those that come with it.
#[derive(Debug)]
pub(crate) struct Profiles {
    builtin: BTreeMap<String, Arc<Copies>>,
    named: BTreeMap<String, Arc<Copies>>,
    default: Arc<Copies>,
}

/// A profile, once for each group of threads. Every turn holds its profile and most of its parts, so
/// that turns on different threads would meet at the counts of each.
type Copies = PerGroup<Arc<Profile>>;

impl Profiles {
    /// The first profile given is the default; without one, the echo provider's.
    pub(crate) fn new(given: Vec<Profile>, limits: &Limits) -> Self {
        let bounded = |profile: Profile| Arc::new(copies(&bounded(profile, limits)));
        let echo = bounded(Profile::new("echo", Arc::new(EchoProvider::new())));
        let given: Vec<Arc<Copies>> = given.into_iter().map(bounded).collect();
        Self {
            default: Arc::clone(given.first().unwrap_or(&echo)),
            named: given.into_iter().map(|it| (it.here().name.to_string(), it)).collect(),
            builtin: BTreeMap::from([("echo".to_owned(), echo)]),
        }
    }

    /// The profile, for this thread.
    pub(crate) fn resolve(
        &self,
        selector: &ProfileSelector,
    ) -> Result<&Arc<Profile>, RuntimeError> {
        match selector {
            ProfileSelector::RuntimeDefault(_) => Some(&self.default),
            ProfileSelector::Builtin(it) => self.builtin.get(&it.name),
            ProfileSelector::Named(it) => self.named.get(&it.name),
        }
        .map(|it| it.here())
        .ok_or(RuntimeError::ProfileNotFound {})
    }

    pub(crate) fn available(&self) -> Vec<AvailableProfile> {
        let describe = |selector, copies: &Copies| AvailableProfile {
            selector,
            provider: copies.here().provider.name().to_owned(),
            model: copies.here().model.as_deref().map(ToOwned::to_owned),
        };
        let default = describe(ProfileSelector::default(), &self.default);
        let builtin =
            self.builtin.iter().map(|(name, it)| describe(ProfileSelector::builtin(name), it));
        let named = self.named.iter().map(|(name, it)| describe(ProfileSelector::named(name), it));
        std::iter::once(default).chain(builtin).chain(named).collect()
    }
}

fn copies(profile: &Profile) -> Copies {
    PerGroup::from_fn(|| Arc::new(apart(profile)))
}

/// The same profile, with counts of its own.
fn apart(profile: &Profile) -> Profile {
    let text = |it: &Arc<str>| Arc::from(&**it);
    Profile {
        // First, because nobody counts it: one copy's last count shares no line with the next one's first.
        name: text(&profile.name),
        provider: Arc::new(Apart(Arc::clone(&profile.provider))),
        model: profile.model.as_ref().map(text),
        instructions: profile.instructions.as_ref().map(text),
        sampling: Arc::new((*profile.sampling).clone()),
        policy: Arc::new(*profile.policy),
        history: profile.history,
    }
}

/// A provider under a count of its own.
struct Apart(Arc<dyn Provider>);

impl Provider for Apart {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        self.0.stream(request)
    }
}

/// The profile with deadlines and caps no longer than the Runtime's limits.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_say_the_same_and_share_no_count() {
        let profile = Profile::new("a", Arc::new(EchoProvider::new())).model("b").instructions("c");
        let counted = |text: &Option<Arc<str>>| text.as_ref().map(Arc::strong_count);
        for copy in copies(&profile).iter() {
            assert_eq!(format!("{copy:?}"), format!("{profile:?}"));
            let counts = [
                Arc::strong_count(copy),
                Arc::strong_count(&copy.provider),
                Arc::strong_count(&copy.sampling),
                Arc::strong_count(&copy.policy),
            ];
            assert_eq!(counts, [1; 4]);
            assert_eq!([counted(&copy.model), counted(&copy.instructions)], [Some(1); 2]);
        }
    }
}
