//! The profiles of a Runtime.

use std::{collections::BTreeMap, fmt::Display, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ShortText};
use parking_lot::RwLock;
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

/// The profiles that a Runtime was given, and the built-in profiles. A profile is never replaced or
/// removed, so that a decision stays right until it is carried out.
#[derive(Debug)]
pub(crate) struct Profiles {
    builtin: Known,
    default: Known,
    named: RwLock<BTreeMap<String, Known>>,
}

/// A profile, and what `get_runtime` shows of it.
#[derive(Debug)]
struct Known {
    profile: Arc<Profile>,
    shown: AvailableProfile,
}

impl Profiles {
    /// Creates the profiles of a Runtime. The first given profile is the default; without any, the
    /// built-in `echo` is.
    pub(crate) fn new(given: Vec<Profile>, limits: &Limits) -> Result<Self, ProfilesError> {
        let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
        let builtin = Known::new(echo, ProfileSelector::builtin("echo"), limits)?;
        let default = match given.first() {
            Some(first) => Known::new(first.clone(), ProfileSelector::default(), limits)?,
            None => builtin.selected_by(ProfileSelector::default()),
        };
        let profiles = Self { builtin, default, named: RwLock::default() };
        given.into_iter().try_for_each(|profile| profiles.add(profile, limits))?;
        Ok(profiles)
    }

    /// Adds a profile, which is checked and bounded by the limits. The error names the profile and
    /// says what is allowed.
    pub(crate) fn add(&self, profile: Profile, limits: &Limits) -> Result<(), ProfilesError> {
        // The provider is asked outside the lock, because it is code of the Backend's.
        let name = profile.name.to_string();
        let known = Known::new(profile, ProfileSelector::named(&*name), limits)?;
        let mut named = self.named.write();
        if named.contains_key(&name) {
            let name = ShortText::cut(&name, NAME_CHARS);
            return Err(ProfilesError::Invalid(format!("two profiles are named `{name}`").into()));
        }
        if named.len() >= MOST_PROFILES {
            let problem = format!("there must be at most {MOST_PROFILES} profiles");
            return Err(ProfilesError::Invalid(problem.into()));
        }
        named.insert(name, known);
        Ok(())
    }

    /// Returns the selected profile.
    pub(crate) fn resolve(&self, selector: &ProfileSelector) -> Result<Arc<Profile>, RuntimeError> {
        let profile = |known: &Known| Arc::clone(&known.profile);
        match selector {
            ProfileSelector::RuntimeDefault(_) => Some(profile(&self.default)),
            ProfileSelector::Builtin(it) => (it.name == "echo").then(|| profile(&self.builtin)),
            ProfileSelector::Named(it) => self.named.read().get(&it.name).map(profile),
            ProfileSelector::Unknown(_) => None,
        }
        .ok_or(RuntimeError::ProfileNotFound {})
    }

    /// Returns the profiles that `get_runtime` shows: the default, the built-in ones, and the others
    /// by name.
    pub(crate) fn available(&self) -> Vec<AvailableProfile> {
        let named = self.named.read();
        let all = [&self.default, &self.builtin].into_iter().chain(named.values());
        all.map(|known| known.shown.clone()).collect()
    }
}

impl Known {
    /// Checks a profile, bounds it by the limits, and asks its provider for its name and whether it
    /// needs a model.
    fn new(
        profile: Profile,
        selector: ProfileSelector,
        limits: &Limits,
    ) -> Result<Self, ProfilesError> {
        check(&profile, limits).map_err(ProfilesError::Invalid)?;
        let profile = bounded(profile, limits);
        let shown = describe(selector, &profile)?;
        Ok(Self { profile: Arc::new(profile), shown })
    }

    /// Returns the same profile for another selector.
    fn selected_by(&self, selector: ProfileSelector) -> Self {
        let shown = AvailableProfile { selector, ..self.shown.clone() };
        Self { profile: Arc::clone(&self.profile), shown }
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
