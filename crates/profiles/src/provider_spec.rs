//! The description of a provider, and how the provider is built from it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use llm_engine::{
    EchoProvider, EngineError, Provider, ShortText,
    providers::{self, Auth, Compatibility, ConfigError, OfferedModel, ProviderConfig, WireLog},
};
use serde_json::{Map, Value};

use crate::{KeyMissing, ProviderKind, Secret, SecretError, SecretPlace, SpecError};

/// The most characters of a header's name that an error repeats.
const KEY_CHARS: usize = 200;

/// The description of a provider. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderSpec {
    /// The kind of provider.
    pub kind: ProviderKind,
    /// The model's name at the provider.
    pub model: Option<String>,
    /// The address of the provider; `None` for its usual one.
    pub base_url: Option<String>,
    /// The place of the key; `None` for the provider's usual variable, if it needs a key.
    pub key: Option<SecretPlace>,
    /// The header that carries the key; `None` for the provider's own.
    pub auth: Option<Auth>,
    /// Headers that are added to each request, by name. The values are secrets, because many
    /// headers authenticate the client.
    pub headers: BTreeMap<String, Secret>,
    /// Fields that are added to the body of each request.
    pub extra: Map<String, Value>,
    /// How the server differs from its protocol.
    pub compatibility: Compatibility,
    /// Whether the provider is asked to keep the beginning of a conversation in its cache.
    pub cache: bool,
    /// The time that the echo provider takes for a word.
    pub delay: Duration,
    /// The receiver of what goes to the server and what comes back.
    pub wire_log: Option<WireLog>,
}

impl ProviderSpec {
    /// Creates a description with the defaults for everything but the kind.
    #[must_use]
    pub fn new(kind: ProviderKind) -> Self {
        Self {
            kind,
            model: None,
            base_url: None,
            key: None,
            auth: None,
            headers: BTreeMap::new(),
            extra: Map::new(),
            compatibility: Compatibility::new(),
            cache: false,
            delay: Duration::ZERO,
            wire_log: None,
        }
    }

    /// Returns whether the provider needs a model's name and has none. A server at an address of
    /// its own may have only one model, whether the address is in the description or in the
    /// provider's usual environment variable.
    #[must_use]
    pub fn lacks_model(&self) -> bool {
        let is_needed = match self.kind {
            ProviderKind::Echo => false,
            ProviderKind::Model(kind) => {
                let variable = std::env::var(kind.base_url_variable()).ok();
                let address = self.base_url.clone().or(variable).filter(|it| !it.is_empty());
                let mut config = ProviderConfig::new(kind);
                config.base_url = address;
                config.needs_model()
            }
        };
        is_needed && self.model.is_none()
    }

    /// Builds the provider. Reads its key and its headers; what the description leaves open is
    /// taken from the provider's usual environment variables.
    pub fn build(&self) -> Result<Arc<dyn Provider>, SpecError> {
        let kind = match self.kind {
            ProviderKind::Echo => return Ok(Arc::new(EchoProvider::with_delay(self.delay))),
            ProviderKind::Model(kind) => kind,
        };
        if self.lacks_model() {
            return Err(SpecError::ModelMissing { kind });
        }
        self.config(kind)?.build().map_err(|error| self.explain(error))
    }

    /// Returns the request for the models that the provider offers. It needs no model.
    pub fn models(
        &self,
    ) -> Result<impl Future<Output = Result<Vec<OfferedModel>, EngineError>> + use<>, SpecError>
    {
        match self.kind {
            ProviderKind::Echo => Err(SpecError::NoModels),
            ProviderKind::Model(kind) => {
                self.config(kind)?.models().map_err(|error| self.explain(error))
            }
        }
    }

    /// Returns the configuration of a provider that reaches a model, with what the environment adds.
    fn config(&self, kind: providers::ProviderKind) -> Result<ProviderConfig, SpecError> {
        let mut config =
            ProviderConfig::new(kind).compatibility(self.compatibility).cache(self.cache);
        config.base_url.clone_from(&self.base_url);
        config.auth = self.auth;
        config.wire_log.clone_from(&self.wire_log);
        config.extra.clone_from(&self.extra);
        if let Some(key) = &self.key {
            config.api_key = Some(key.read().map_err(|error| unread("key", error))?);
        }
        for (name, value) in &self.headers {
            let value = value.read().map_err(|error| unread(&format!("headers.{name}"), error))?;
            config = config.header(name, value);
        }
        config.or_environment().map_err(|error| self.explain(error))
    }

    fn explain(&self, error: ConfigError) -> SpecError {
        match error {
            ConfigError::ApiKeyMissing { kind } => {
                SpecError::KeyMissing(KeyMissing::new(kind, self.base_url.is_some()))
            }
            ConfigError::BaseUrl { kind, .. } if self.base_url.is_none() => {
                SpecError::AddressVariable { variable: kind.base_url_variable(), error }
            }
            ConfigError::UnknownProvider { .. }
            | ConfigError::BaseUrl { .. }
            | ConfigError::BaseUrlMissing { .. }
            | ConfigError::Extra { .. }
            | ConfigError::ApiKey { .. }
            | ConfigError::Header { .. }
            | ConfigError::ConnectTimeout
            | ConfigError::Variable { .. }
            | ConfigError::Client
            | _ => SpecError::Provider(error),
        }
    }
}

fn unread(key: &str, error: SecretError) -> SpecError {
    SpecError::Secret { key: ShortText::cut(key, KEY_CHARS), error }
}
