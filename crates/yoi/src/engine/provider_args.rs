//! The flags that describe a provider or override that of a profile.

use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::NonEmptyStringValueParser};
use llm_engine::providers;
use yoi_profiles::{ProviderKind, ProviderSpec, SecretPlace};

use super::{
    model_need::Model,
    remembered::{Address, Remembered},
};
use crate::failure::Failure;

/// The flags that describe a provider or override that of a profile.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ProviderArgs {
    /// The provider: echo, openai, anthropic, gemini, ollama, openrouter, and others.
    ///
    /// The others are openai-responses, azure-openai, groq, mistral, deepseek, xai, together,
    /// fireworks, lm-studio, vllm and llama-cpp. `openai` is the chat completions API, which most
    /// servers speak. If the profile has another
    /// provider, only its instructions, sampling, deadlines and history are kept.
    #[arg(long, value_name = "KIND")]
    provider: Option<ProviderKind>,

    /// The provider's address, if not the usual one. Without a provider, it is `openai`.
    ///
    /// It may be the server's address, that of a version such as `/v1`, or that of the method. A
    /// query is kept. The key, headers and fields of a profile are meant for its own address, so
    /// they are not sent.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// The model's name at the provider, instead of the profile's.
    #[arg(short, long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,

    /// The environment variable that holds the provider's key.
    ///
    /// Without it, the profile's key is used, or the provider's usual variable, such as
    /// `OPENAI_API_KEY`. The usual variable counts only for the provider's usual address and for
    /// the one in a variable such as `OPENAI_BASE_URL`.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "key_file")]
    key_env: Option<String>,

    /// The file that holds the provider's key, as its only line.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Slow the echo provider down by N milliseconds a word, to try streams and cancels.
    #[arg(long, value_name = "N")]
    echo_delay_ms: Option<u32>,
}

impl ProviderArgs {
    /// Returns the kind of the provider that the flags describe without a profile.
    pub(super) fn kind(&self) -> Option<ProviderKind> {
        let openai = ProviderKind::Model(providers::ProviderKind::OpenAi);
        self.provider.or(self.base_url.as_ref().map(|_| openai))
    }

    /// Returns the model that the flags name.
    pub(super) fn model_name(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the address that the flags give, without secrets.
    pub(super) fn address(&self) -> Option<String> {
        self.base_url.as_deref().map(providers::shown_base_url)
    }

    /// Chooses another model.
    pub(super) fn set_model(&mut self, model: &str) {
        self.model = Some(model.to_owned());
    }

    /// Fills in what a conversation remembers and the flags do not say.
    pub(super) fn recall(&mut self, then: &Remembered) -> Result<(), Failure> {
        self.provider = then.provider;
        self.base_url = match &then.base_url {
            None => None,
            Some(Address::Kept(address)) => Some(address.clone()),
            Some(Address::NotKept) => {
                return Err(Failure::configuration(
                    "the address that the conversation was held with is not kept, because it has a \
                     secret in it or is long: give it by `--base-url URL`",
                ));
            }
        };
        if self.model.is_none() {
            self.model.clone_from(&then.model);
        }
        if self.key_env.is_none() && self.key_file.is_none() {
            self.key_env.clone_from(&then.key_env);
            self.key_file.clone_from(&then.key_file);
        }
        Ok(())
    }

    /// Returns what the flags say, for a conversation to remember.
    pub(super) fn remembered(&self) -> Remembered {
        Remembered {
            profile: None,
            provider: self.kind(),
            base_url: self.base_url.as_deref().map(Address::new),
            model: self.model.clone(),
            key_env: self.key_env.clone(),
            key_file: self.key_file.clone(),
        }
    }

    /// Overrides a provider with the flags, and checks the result.
    pub(super) fn apply(&self, spec: &mut ProviderSpec, model: Model) -> Result<(), Failure> {
        if let Some(kind) = self.provider
            && kind != spec.kind
        {
            // The key and headers of one provider are not sent to another.
            *spec = ProviderSpec::new(kind);
        }
        if let Some(base_url) = &self.base_url {
            *spec = moved(spec, base_url);
        }
        if let Some(key) = self.key()? {
            spec.key = Some(key);
        }
        if let Some(model) = &self.model {
            spec.model = Some(model.clone());
        }
        if let Some(delay) = self.echo_delay_ms {
            spec.delay = Duration::from_millis(delay.into());
        }
        self.check(spec, model)
    }

    fn key(&self) -> Result<Option<SecretPlace>, Failure> {
        if let Some(path) = &self.key_file {
            return Ok(Some(SecretPlace::File(path.clone())));
        }
        let variable = self.key_env.as_deref().map(SecretPlace::variable).transpose();
        variable.map_err(|problem| Failure::usage(format!("--key-env {problem}")))
    }

    /// Checks that the flags apply to the provider.
    fn check(&self, spec: &ProviderSpec, model: Model) -> Result<(), Failure> {
        let kind = spec.kind;
        match kind {
            ProviderKind::Echo if spec.base_url.is_some() || spec.key.is_some() => {
                Err(Failure::usage(
                    "--base-url, --key-env and --key-file are only for providers that reach a model; \
                     say which one by `--provider KIND`",
                ))
            }
            ProviderKind::Model(_) if self.echo_delay_ms.is_some() => Err(Failure::usage(format!(
                "--echo-delay-ms is only for the provider echo, and {kind} was chosen"
            ))),
            ProviderKind::Model(_) if model == Model::Named && spec.lacks_model() => {
                Err(Failure::configuration(format!(
                    "{kind} needs a model: say which one by `--model NAME`"
                )))
            }
            ProviderKind::Echo | ProviderKind::Model(_) => Ok(()),
        }
    }
}

/// Returns the provider at another address. What a profile says is meant for its own address, so
/// that neither its key and headers nor its fields are sent to another.
fn moved(spec: &ProviderSpec, base_url: &str) -> ProviderSpec {
    let mut moved = ProviderSpec::new(spec.kind);
    moved.model.clone_from(&spec.model);
    moved.cache = spec.cache;
    moved.base_url = Some(base_url.to_owned());
    moved
}
