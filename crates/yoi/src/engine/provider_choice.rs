//! The description of a provider, and how the provider is built from it.

use std::{sync::Arc, time::Duration};

use llm_engine::{
    EchoProvider, EngineError, Provider,
    providers::{self, Auth, Compatibility, ConfigError, OfferedModel, ProviderConfig},
};
use serde_json::{Map, Value};

use super::{headers::Headers, provider_kind::ProviderKind, secret::SecretPlace};

/// The description of a provider by flags, a profile and the environment.
#[derive(Clone, Debug)]
pub(crate) struct ProviderChoice {
    pub(crate) kind: ProviderKind,
    /// The model's name at the provider.
    pub(crate) model: Option<String>,
    /// The address of the provider; `None` for its usual one.
    pub(crate) base_url: Option<String>,
    /// The place of the key; `None` for the provider's usual variable, if it needs a key.
    pub(crate) key: Option<SecretPlace>,
    /// The header that carries the key; `None` for the provider's own.
    pub(crate) auth: Option<Auth>,
    /// Headers that are added to each request.
    pub(crate) headers: Headers,
    /// Fields that are added to the body of each request.
    pub(crate) extra: Map<String, Value>,
    /// How the server differs from its protocol.
    pub(crate) compatibility: Compatibility,
    /// Whether the provider is asked to keep the beginning of a conversation in its cache.
    pub(crate) cache: bool,
    /// The time that the echo provider takes for a word.
    pub(crate) delay: Duration,
}

impl ProviderChoice {
    /// Creates a description with the defaults for everything but the kind.
    pub(crate) fn new(kind: ProviderKind) -> Self {
        Self {
            kind,
            model: None,
            base_url: None,
            key: None,
            auth: None,
            headers: Headers::default(),
            extra: Map::new(),
            compatibility: Compatibility::new(),
            cache: false,
            delay: Duration::ZERO,
        }
    }

    /// Returns whether the provider needs a model's name and has none. A server at an address of
    /// its own may have only one model.
    pub(crate) fn lacks_model(&self) -> bool {
        let is_needed = match self.kind {
            ProviderKind::Echo => false,
            ProviderKind::Model(kind) => kind.needs_model(self.base_url.is_some()),
        };
        is_needed && self.model.is_none()
    }

    /// Sets another address. What a profile says is meant for its own address, so that neither its
    /// key and headers nor its fields are sent to another.
    pub(crate) fn move_to(&mut self, base_url: String) {
        let (model, cache) = (self.model.take(), self.cache);
        *self = Self { model, cache, base_url: Some(base_url), ..Self::new(self.kind) };
    }

    /// Returns the configuration of a provider that reaches a model, with what the environment adds.
    /// The error is the reason why there is none.
    fn config(&self, kind: providers::ProviderKind) -> Result<ProviderConfig, String> {
        let mut config =
            ProviderConfig::new(kind).compatibility(self.compatibility).cache(self.cache);
        config.base_url.clone_from(&self.base_url);
        config.auth = self.auth;
        config.extra.clone_from(&self.extra);
        if let Some(key) = &self.key {
            config.api_key = Some(key.read().map_err(|problem| format!("key: {problem}"))?);
        }
        for (name, value) in &self.headers.0 {
            let value = value.read().map_err(|problem| format!("headers.{name}: {problem}"))?;
            config = config.header(name, value);
        }
        config.or_environment().map_err(|error| self.explain(&error))
    }

    /// Builds the provider. The error is the reason why it cannot be built.
    pub(crate) fn build(&self) -> Result<Arc<dyn Provider>, String> {
        let kind = match self.kind {
            ProviderKind::Echo => return Ok(Arc::new(EchoProvider::with_delay(self.delay))),
            ProviderKind::Model(kind) => kind,
        };
        self.config(kind)?.build().map_err(|error| self.explain(&error))
    }

    /// Returns the request for the models that the provider offers. The error is the reason why it
    /// cannot be asked.
    pub(crate) fn models(
        &self,
    ) -> Result<impl Future<Output = Result<Vec<OfferedModel>, EngineError>> + use<>, String> {
        let kind = match self.kind {
            ProviderKind::Echo => {
                return Err("it has no models; say which provider by `--provider KIND`".to_owned());
            }
            ProviderKind::Model(kind) => kind,
        };
        self.config(kind)?.models().map_err(|error| self.explain(&error))
    }

    /// Converts an error into a message that names flags and the keys of a profiles file.
    fn explain(&self, error: &ConfigError) -> String {
        match error {
            ConfigError::ApiKeyMissing { kind } => {
                let variable = kind.api_key_variables()[0];
                let place = format!(
                    "say where it is by `key = {{ env = \"{variable}\" }}` or `--key-env {variable}`"
                );
                if self.base_url.is_none() && kind.has_default_base_url() {
                    return format!("it needs a key: set {variable}, or {place}");
                }
                let usual = if kind.has_default_base_url() {
                    format!("{} and for ", kind.default_base_url())
                } else {
                    String::new()
                };
                format!(
                    "it needs a key: {place}; that variable counts by itself only for {usual}the \
                     address in {}",
                    kind.base_url_variable()
                )
            }
            ConfigError::BaseUrl { kind, .. } if self.base_url.is_none() => {
                format!("{}: {error}", kind.base_url_variable())
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
            | _ => error.to_string(),
        }
    }
}
