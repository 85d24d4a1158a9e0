//! The profiles that a Runtime was built with.

use std::{collections::BTreeMap, fmt::Display, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ShortText};
use worker::Profile;

use crate::{
    error::RuntimeError,
    model::{AvailableProfile, Limits, ProfileSelector},
    sync::contained,
};

/// The maximum number of profiles. `get_runtime` shows all of them.
const MOST_PROFILES: usize = 256;

/// The maximum number of characters of a provider's name that is shown, and of a profile's name in
/// an error.
const NAME_CHARS: usize = 64;

/// The reason why profiles cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ProfilesError {
    /// A profile is not allowed. The text names the profile and says what is allowed.
    Invalid(ShortText),
    /// The provider of a profile needs the name of a model, and the profile has none.
    ModelMissing {
        /// The name of the profile.
        profile: ShortText,
        /// The name of the provider.
        provider: ShortText,
    },
    /// The provider of a profile panicked. The text names both.
    Panicked(ShortText),
}

/// The profiles that a Runtime was built with, and the built-in profiles.
#[derive(Debug)]
pub(crate) struct Profiles {
    builtin: BTreeMap<String, Arc<Profile>>,
    named: BTreeMap<String, Arc<Profile>>,
    default: Arc<Profile>,
    available: Vec<AvailableProfile>,
}

impl Profiles {
    /// Checks the profiles, bounds them by the limits, and asks each provider for its name and whether it
    /// needs a model, once.
    /// The first given profile is the default; without any, the built-in `echo` is. The error names
    /// the profile and says what is allowed.
    pub(crate) fn new(given: Vec<Profile>, limits: &Limits) -> Result<Self, ProfilesError> {
        if given.len() > MOST_PROFILES {
            let problem = format!("there must be at most {MOST_PROFILES} profiles");
            return Err(ProfilesError::Invalid(problem.into()));
        }
        let bounded = |profile: Profile| Arc::new(bounded(profile, limits));
        let echo = bounded(Profile::new("echo", Arc::new(EchoProvider::new())));
        let mut named: BTreeMap<String, Arc<Profile>> = BTreeMap::new();
        let mut default = None;
        for profile in given {
            check(&profile, limits).map_err(ProfilesError::Invalid)?;
            let profile = bounded(profile);
            let name = profile.name.to_string();
            default.get_or_insert_with(|| Arc::clone(&profile));
            if let Some(other) = named.insert(name, profile) {
                let name = ShortText::cut(&other.name, NAME_CHARS);
                let problem = format!("two profiles are named `{name}`");
                return Err(ProfilesError::Invalid(problem.into()));
            }
        }
        let default = default.unwrap_or_else(|| Arc::clone(&echo));
        let mut available = vec![
            describe(ProfileSelector::default(), &default)?,
            describe(ProfileSelector::builtin("echo"), &echo)?,
        ];
        for (name, profile) in &named {
            available.push(describe(ProfileSelector::named(name), profile)?);
        }
        Ok(Self { builtin: BTreeMap::from([("echo".to_owned(), echo)]), named, default, available })
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

    /// Returns the profiles that `get_runtime` shows: the default, the built-in ones, and the others
    /// by name.
    pub(crate) fn available(&self) -> &[AvailableProfile] {
        &self.available
    }
}

fn check(profile: &Profile, limits: &Limits) -> Result<(), ShortText> {
    let name = ShortText::cut(&profile.name, NAME_CHARS);
    let of_profile = |problem: &dyn Display| format!("profile `{name}`: {problem}").into();
    limits.check_setting("name", &profile.name).map_err(|error| of_profile(&error))?;
    if let Some(model) = &profile.model {
        limits.check_setting("model", model).map_err(|error| of_profile(&error))?;
    }
    profile.sampling.check().map_err(|error| of_profile(&error))
}

fn describe(
    selector: ProfileSelector,
    profile: &Profile,
) -> Result<AvailableProfile, ProfilesError> {
    let asked = contained(|| {
        let provider = &profile.provider;
        (ShortText::cut(provider.name(), NAME_CHARS), provider.needs_model())
    });
    let name = || ShortText::cut(&profile.name, NAME_CHARS);
    let Some((provider, needs_model)) = asked else {
        let who = format!("the provider of the profile `{}`", name());
        return Err(ProfilesError::Panicked(who.into()));
    };
    if needs_model && profile.model.is_none() {
        return Err(ProfilesError::ModelMissing { profile: name(), provider });
    }
    let model = profile.model.as_deref().map(ToOwned::to_owned);
    Ok(AvailableProfile { selector, provider: provider.into(), model })
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
