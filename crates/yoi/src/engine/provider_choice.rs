//! A provider, as files and the environment name it, and the way to the provider itself.

use std::{fmt, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, Provider};
use serde::Deserialize;

use super::key_source::KeySource;

/// The protocols that models are reached by, and the echo, which has none.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProviderKind {
    Echo,
    #[serde(rename = "openai")]
    OpenAi,
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    Anthropic,
    Gemini,
    Ollama,
}

impl ProviderKind {
    /// The stable name, as files have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A provider and what is said about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ProviderChoice {
    pub(crate) kind: ProviderKind,
    /// The model's name at the provider.
    pub(crate) model: Option<String>,
    /// Where the provider is; `None` is its usual place.
    pub(crate) base_url: Option<String>,
    /// Where the key is; `None` is the provider's usual variable, if it wants a key at all.
    pub(crate) key: Option<KeySource>,
    /// How long the echo takes for a word.
    pub(crate) delay: Duration,
}

impl ProviderChoice {
    /// A provider of which nothing is said.
    pub(crate) fn new(kind: ProviderKind) -> Self {
        Self { kind, model: None, base_url: None, key: None, delay: Duration::ZERO }
    }

    /// What was said on the command line counts more.
    pub(crate) fn override_with(&mut self, model: Option<&str>, delay: Option<Duration>) {
        if let Some(model) = model {
            self.model = Some(model.to_owned());
        }
        if let Some(delay) = delay {
            self.delay = delay;
        }
    }

    /// Makes the provider, or says why it cannot be made.
    pub(crate) fn build(&self) -> Result<Arc<dyn Provider>, String> {
        if let Some(key) = &self.key {
            key.check()?;
        }
        match self.kind {
            ProviderKind::Echo => Ok(Arc::new(EchoProvider::with_delay(self.delay))),
            ProviderKind::OpenAi
            | ProviderKind::OpenAiResponses
            | ProviderKind::Anthropic
            | ProviderKind::Gemini
            | ProviderKind::Ollama => {
                Err(format!("the provider {} is not built into this yoi; echo is", self.kind))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;

    #[test]
    fn names_are_read_back() {
        for kind in [
            ProviderKind::Echo,
            ProviderKind::OpenAi,
            ProviderKind::OpenAiResponses,
            ProviderKind::Anthropic,
            ProviderKind::Gemini,
            ProviderKind::Ollama,
        ] {
            let read = ProviderKind::deserialize(kind.as_str().into_deserializer());
            assert_eq!(read, Ok::<_, Error>(kind));
        }
    }
}
