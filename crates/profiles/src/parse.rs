//! Parses the text of a profiles file.

use std::time::Duration;

use llm_engine::ShortText;
use serde_path_to_error::{Path, Segment};
use toml::Spanned;

use crate::{
    ProfileSpec, ProviderKind, ProviderSpec,
    problem::Problem,
    raw::{RawFile, RawProfile},
};

/// Parses a file into the name of its default profile and all profiles.
pub(crate) fn parse(text: &str) -> Result<(Option<String>, Vec<ProfileSpec>), Problem> {
    let document = toml::Deserializer::parse(text)
        .map_err(|error| Problem::at(text, error.span(), String::new(), error.message()))?;
    let file: RawFile = serde_path_to_error::deserialize(document).map_err(|error| {
        let key = dotted(error.path());
        Problem::at(text, error.inner().span(), key, error.inner().message())
    })?;
    if let Some(default) = &file.default
        && !file.profiles.contains_key(default.get_ref())
    {
        let problem = format!("there is no profile {:?}", ShortText::cut(default.get_ref(), 64));
        return Err(Problem::at(text, Some(default.span()), "default".to_owned(), problem));
    }
    let profiles =
        file.profiles.into_iter().map(|(name, profile)| profile_spec(text, name, profile));
    Ok((file.default.map(Spanned::into_inner), profiles.collect::<Result<_, _>>()?))
}

/// Writes a path as dotted keys, without the keys by which `Spanned` passes positions through
/// serde.
fn dotted(path: &Path) -> String {
    let keys = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } if key.starts_with("$__") => None,
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// Builds the description of a profile, and checks that its keys fit its provider.
fn profile_spec(
    text: &str,
    name: String,
    profile: Spanned<RawProfile>,
) -> Result<ProfileSpec, Problem> {
    let header = profile.span();
    let raw = profile.into_inner();
    let kind = raw.provider.0;
    let wrong = |span, key: &str, problem| {
        Err(Problem::at(text, Some(span), format!("profiles.{name}{key}"), problem))
    };
    match kind {
        ProviderKind::Echo => {
            let of_models = [
                (".base_url", raw.base_url.as_ref().map(Spanned::span)),
                (".key", raw.key.as_ref().map(Spanned::span)),
                (".auth", raw.auth.as_ref().map(Spanned::span)),
                (".headers", raw.headers.as_ref().map(Spanned::span)),
                (".extra", raw.extra.as_ref().map(Spanned::span)),
                (".compatibility", raw.compatibility.as_ref().map(Spanned::span)),
                (".cache", raw.cache.as_ref().map(Spanned::span)),
            ];
            for (key, span) in of_models {
                if let Some(span) = span {
                    let problem = "is only for providers that reach a model; `echo` does not";
                    return wrong(span, key, problem.to_owned());
                }
            }
        }
        ProviderKind::Model(kind) => {
            if let Some(delay) = &raw.delay_ms {
                return wrong(
                    delay.span(),
                    ".delay_ms",
                    "is only for the provider `echo`".to_owned(),
                );
            }
            if let Some(base_url) = &raw.base_url
                && let Err(error) = kind.check_base_url(base_url.get_ref())
            {
                return wrong(base_url.span(), "", error.to_string());
            }
            if let Some(extra) = &raw.extra
                && let Err(error) = kind.check_extra(&extra.get_ref().0)
            {
                return wrong(extra.span(), "", error.to_string());
            }
        }
    }
    let delay = raw.delay_ms.map_or(0, Spanned::into_inner);
    let provider = ProviderSpec {
        kind,
        model: raw.model,
        base_url: raw.base_url.map(Spanned::into_inner),
        key: raw.key.map(|key| key.into_inner().0),
        auth: raw.auth.map(|auth| auth.into_inner().0),
        headers: raw.headers.map(|headers| headers.into_inner().0).unwrap_or_default(),
        extra: raw.extra.map(|extra| extra.into_inner().0).unwrap_or_default(),
        compatibility: raw.compatibility.map(|it| it.into_inner().into()).unwrap_or_default(),
        cache: raw.cache.is_some_and(Spanned::into_inner),
        delay: Duration::from_millis(delay.into()),
        wire_log: None,
    };
    if provider.lacks_model() {
        return wrong(header, "", format!("missing field `model`, which {kind} needs"));
    }
    Ok(ProfileSpec {
        name,
        provider,
        instructions: raw.instructions,
        sampling: raw.sampling.into(),
        deadlines: raw.deadlines.into(),
        retry: raw.retry.into(),
        history: raw.history.into(),
    })
}
