//! Chooses a provider by the environment variables that are usual for it.

use std::ffi::OsString;

use llm_engine::providers::ProviderKind::{self, Anthropic, Gemini, Ollama, OpenAi};
use yoi_profiles::ProviderSpec;

/// The variables that choose a provider, in order of precedence.
const VARIABLES: [(&str, ProviderKind); 6] = [
    ("OPENAI_API_KEY", OpenAi),
    ("OPENAI_BASE_URL", OpenAi),
    ("ANTHROPIC_API_KEY", Anthropic),
    ("ANTHROPIC_AUTH_TOKEN", Anthropic),
    ("GEMINI_API_KEY", Gemini),
    ("OLLAMA_HOST", Ollama),
];

/// Returns the provider of the first variable that is set, and the variable's name. An empty
/// variable chooses nothing; see [`empty`].
///
/// The values, such as an address, are read when the provider is built.
pub(crate) fn choice(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<(&'static str, ProviderSpec)> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let (name, kind) = VARIABLES.into_iter().find(|(name, _)| is_set(name))?;
    Some((name, ProviderSpec::new(yoi_profiles::ProviderKind::Model(kind))))
}

/// Returns the first variable that is set but empty, as it is where a secret is missing.
pub(crate) fn empty(variable: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    let is_empty = |name: &str| variable(name).is_some_and(|value| value.is_empty());
    VARIABLES.into_iter().map(|(name, _)| name).find(|name| is_empty(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Option<(&'static str, &'static str)> {
        let found = choice(|wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.into())
        });
        found.map(|(variable, provider)| (variable, provider.kind.as_str()))
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let check = |variables: &[_], expected| assert_eq!(chosen(variables), expected);
        let (openai, base_url) = (("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://box"));
        let (anthropic, ollama) = (("ANTHROPIC_API_KEY", "k"), ("OLLAMA_HOST", "box"));
        check(&[], None);
        check(&[("OPENAI_API_KEY", "")], None);
        check(&[("GOOGLE_API_KEY", "k")], None);
        check(&[openai], Some(("OPENAI_API_KEY", "openai")));
        check(&[base_url], Some(("OPENAI_BASE_URL", "openai")));
        check(&[anthropic], Some(("ANTHROPIC_API_KEY", "anthropic")));
        check(&[("ANTHROPIC_AUTH_TOKEN", "t")], Some(("ANTHROPIC_AUTH_TOKEN", "anthropic")));
        check(&[("GEMINI_API_KEY", "k")], Some(("GEMINI_API_KEY", "gemini")));
        check(&[ollama], Some(("OLLAMA_HOST", "ollama")));
        check(&[ollama, anthropic], Some(("ANTHROPIC_API_KEY", "anthropic")));
        check(&[ollama, anthropic, base_url, openai], Some(("OPENAI_API_KEY", "openai")));
    }

    #[test]
    fn the_rest_is_left_to_the_provider() {
        let (_, provider) = choice(|name| (name == "OLLAMA_HOST").then(|| "box:1".into())).unwrap();
        assert_eq!((provider.base_url, provider.key), (None, None));
    }
}
