//! The address, the key and the connection of a provider.

mod build;
mod headers;
mod shown;

use std::{env, ffi::OsString, time::Duration};

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{
    Auth, Compatibility, ConfigError, ProviderKind, WireLog, endpoint::Endpoint,
    environment::Environment,
};

/// The configuration of a provider. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct ProviderConfig {
    /// The kind of provider, and so the protocol.
    pub kind: ProviderKind,
    /// The address of the provider. `None` is [`ProviderKind::default_base_url`].
    ///
    /// It is the address of the server, of a version of its API, or of the protocol's method. A
    /// query is kept on every request and shown nowhere.
    pub base_url: Option<String>,
    /// The key. A server on this machine needs none, and neither does Ollama.
    pub api_key: Option<SecretString>,
    /// The header that carries the key. `None` is the provider's own.
    pub auth: Option<Auth>,
    /// Additional headers of every request, for example for a gateway. They replace the provider's
    /// own headers of the same name.
    pub headers: Vec<(String, SecretString)>,
    /// Additional fields of the body of every request. They are merged in last, as a JSON merge
    /// patch: objects are merged, `null` removes a field, and any other value replaces it.
    pub extra: Map<String, Value>,
    /// How the server differs from its protocol, where more is known than its kind and its host
    /// tell.
    pub compatibility: Compatibility,
    /// Whether the provider is asked to keep the beginning of a conversation in its cache.
    /// Providers that do so by themselves, or not at all, are not asked.
    pub cache: bool,
    /// The longest wait for a connection. The default is 10 s.
    pub connect_timeout: Duration,
    /// The choice of proxies.
    pub proxy: ProxyPolicy,
    /// The receiver of what goes to the server and what comes back, for people who look for a fault.
    pub wire_log: Option<WireLog>,
}

/// The choice of proxies. An address of this machine is always reached without one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ProxyPolicy {
    /// The proxies in `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    #[default]
    Environment,
    /// No proxy.
    Direct,
}

impl ProviderConfig {
    /// Creates the configuration of a provider at its default address, without a key.
    #[must_use]
    pub fn new(kind: ProviderKind) -> Self {
        Self {
            kind,
            base_url: None,
            api_key: None,
            auth: None,
            headers: Vec::new(),
            extra: Map::new(),
            compatibility: Compatibility::new(),
            cache: false,
            connect_timeout: Duration::from_secs(10),
            proxy: ProxyPolicy::default(),
            wire_log: None,
        }
    }

    /// Sets the address of the provider.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Sets the key.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<SecretString>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the header that carries the key.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Adds a field to the body of every request.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(field.into(), value.into());
        self
    }

    /// Sets how the server differs from its protocol.
    #[must_use]
    pub fn compatibility(mut self, compatibility: Compatibility) -> Self {
        self.compatibility = compatibility;
        self
    }

    /// Sets whether the provider is asked to keep the beginning of a conversation in its cache.
    #[must_use]
    pub fn cache(mut self, cache: bool) -> Self {
        self.cache = cache;
        self
    }

    /// Sets the receiver of what goes to the server and what comes back.
    #[must_use]
    pub fn wire_log(mut self, log: WireLog) -> Self {
        self.wire_log = Some(log);
        self
    }

    /// Takes address and key from the provider's environment variables, if they are not set yet.
    ///
    /// The key in the provider's own variable is meant for the provider's default address and for
    /// the address in [`ProviderKind::base_url_variable`]. If [`base_url`](Self::base_url) leads to
    /// another scheme, host or port, the key is not taken and has to be set.
    pub fn or_environment(self) -> Result<Self, ConfigError> {
        self.or_variables(|variable| env::var_os(variable))
    }

    /// Takes address and key like [`or_environment`](Self::or_environment), from variables that
    /// `look_up` finds. An empty variable counts as absent.
    pub fn or_variables(
        mut self,
        look_up: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let environment = Environment(look_up);
        let usual = environment.base_url(self.kind)?;
        let is_usual = match self.base_url.as_deref() {
            Some(address) => [self.usual_address(), usual.as_deref()]
                .into_iter()
                .flatten()
                .any(|usual| self.is_same_origin(address, usual)),
            None => true,
        };
        if self.api_key.is_none() && is_usual {
            let token = environment.token(self.kind)?;
            if token.is_some() {
                self.auth = self.auth.or(Some(Auth::Bearer));
            }
            self.api_key =
                token.map_or_else(|| environment.api_key(self.kind), |it| Ok(Some(it)))?;
        }
        self.base_url = self.base_url.or(usual);
        Ok(self)
    }

    /// Returns whether each request must name a model. A server that speaks chat completions may
    /// have only one model, unless it is at the provider's usual address.
    ///
    /// The provider that is built [says the same](crate::Provider::needs_model).
    #[must_use]
    pub fn needs_model(&self) -> bool {
        let is_usual =
            |address| self.usual_address().is_some_and(|usual| self.is_same_origin(address, usual));
        let address = self.base_url.as_deref();
        self.kind.needs_model(address.is_some_and(|address| !is_usual(address)))
    }

    fn usual_address(&self) -> Option<&'static str> {
        let kind = self.kind;
        kind.has_default_base_url().then(|| kind.default_base_url())
    }

    fn is_same_origin(&self, one: &str, other: &str) -> bool {
        let origin = |url| Endpoint::parse(self.kind, url).map(|endpoint| endpoint.origin());
        origin(one).is_ok_and(|one| origin(other) == Ok(one))
    }
}
