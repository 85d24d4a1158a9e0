//! `/model`: changes the model of a conversation.

use worker_runtime::{
    RuntimeError,
    commands::UpdateWorker,
    model::{AvailableProfile, ProfileSelector, WorkerDetail},
    queries::{GetRuntime, GetWorker},
};

use super::{outcome::Outcome, workers::Workers};
use crate::{engine::Remembered, failure::Failure};

/// Returns the name of the model that answers, or that of its provider, which has one of its own choice.
pub(super) async fn present(workers: &Workers) -> Result<String, RuntimeError> {
    let detail = detail(workers).await?;
    let profiles = workers.runtime.handle(GetRuntime::default()).await?.capabilities.profiles;
    let profile = profiles.into_iter().find(|profile| profile.selector == detail.profile);
    let of_flags = (detail.profile == ProfileSelector::default()).then(|| workers.engine.address());
    if let (Some(AvailableProfile { model: None, .. }), Some(address)) =
        (&profile, of_flags.flatten())
    {
        return Ok(format!("the model at {address}"));
    }
    Ok(match profile {
        None => "a profile that is gone".to_owned(),
        Some(AvailableProfile { model: Some(model), provider, .. }) => {
            format!("{model} of {provider}")
        }
        Some(AvailableProfile { model: None, provider, .. }) => format!("the provider {provider}"),
    })
}

/// Has another model answer, from the next turn on.
///
/// `name` is a profile's name or else that of a model of the same provider.
pub(super) async fn change(workers: &mut Workers, name: &str) -> Result<Outcome, RuntimeError> {
    let detail = detail(workers).await?;
    if let Some(problem) = workers.unusable.get(name) {
        return Ok(Outcome::Refused(format!("{name} cannot be used: {problem}")));
    }
    let chosen = match known(workers, name).await? {
        Some(selector) => Ok((selector, Remembered::profile(name))),
        None => model_of_the_same(workers, &detail, name),
    };
    let (selector, choice) = match chosen {
        Ok(chosen) => chosen,
        Err(problem) => return Ok(Outcome::Refused(problem)),
    };
    let mut update =
        UpdateWorker { profile: Some(selector), ..UpdateWorker::new(workers.current()) };
    choice.keep_in(&detail.labels, &mut update);
    workers.runtime.handle(update).await?;
    Ok(Outcome::Note(format!("from the next message on, the model is {name}")))
}

async fn detail(workers: &Workers) -> Result<WorkerDetail, RuntimeError> {
    Ok(workers.runtime.handle(GetWorker { worker: workers.current() }).await?.detail)
}

/// Returns the selector of a profile that the user may name.
async fn known(workers: &Workers, name: &str) -> Result<Option<ProfileSelector>, RuntimeError> {
    let selector = ProfileSelector::named(name);
    let profiles = workers.runtime.handle(GetRuntime::default()).await?.capabilities.profiles;
    let is_known = profiles.iter().any(|profile| profile.selector == selector);
    Ok(is_known.then_some(selector))
}

/// Gives the Runtime a profile like the Worker's with another model.
fn model_of_the_same(
    workers: &mut Workers,
    detail: &WorkerDetail,
    model: &str,
) -> Result<(ProfileSelector, Remembered), String> {
    let base = match &detail.profile {
        ProfileSelector::Named(named) => Some(&*named.name),
        _ => None,
    };
    let base = match base {
        Some(name) => workers.made.get(name).cloned().unwrap_or_else(|| workers.engine.of(name)),
        None => workers.engine.clone(),
    };
    let engine = base.with_model(model);
    let problem = |failure: Failure| failure.to_string();
    let choice = engine.remembered().map_err(problem)?;
    let mut profile = engine.profile().map_err(problem)?;
    let name = choice.profile_name();
    if !workers.made.contains_key(&name) {
        profile.name = name.as_str().into();
        workers.runtime.add_profile(profile).map_err(|error| error.to_string())?;
        workers.made.insert(name.clone(), engine);
    }
    Ok((ProfileSelector::named(name), choice))
}
