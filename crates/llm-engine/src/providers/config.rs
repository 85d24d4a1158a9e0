//! The address, the key and the connection of a provider.

use std::{env, ffi::OsString, sync::Arc, time::Duration};

use reqwest::{
    Client,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ConfigError, ProviderKind, dialect, endpoint::Endpoint, environment::Environment,
    http::HttpProvider,
};
use crate::Provider;

/// The headers about the transport of a message, which the HTTP client sets itself.
const CLIENT_HEADERS: [&str; 5] =
    ["connection", "content-length", "content-type", "host", "transfer-encoding"];

/// The configuration of a provider. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The protocol.
    pub kind: ProviderKind,
    /// The address of the provider. `None` is [`ProviderKind::default_base_url`].
    pub base_url: Option<String>,
    /// The key. A server on this machine needs none, and neither does Ollama.
    pub api_key: Option<SecretString>,
    /// Additional headers of every request, for example for a gateway. They replace the provider's
    /// own headers of the same name.
    pub headers: Vec<(String, SecretString)>,
    /// The longest wait for a connection. The default is 10 s.
    pub connect_timeout: Duration,
    /// The choice of proxies.
    pub proxy: ProxyPolicy,
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
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            proxy: ProxyPolicy::default(),
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
            Some(address) => [Some(self.kind.default_base_url()), usual.as_deref()]
                .into_iter()
                .flatten()
                .any(|usual| self.is_same_origin(address, usual)),
            None => true,
        };
        if self.api_key.is_none() && is_usual {
            self.api_key = environment.api_key(self.kind)?;
        }
        self.base_url = self.base_url.or(usual);
        Ok(self)
    }

    fn is_same_origin(&self, one: &str, other: &str) -> bool {
        let origin = |url| Endpoint::parse(self.kind, url).map(|endpoint| endpoint.origin());
        origin(one).is_ok_and(|one| origin(other) == Ok(one))
    }

    /// Checks everything that can be checked without a connection, and builds the provider.
    pub fn build(&self) -> Result<Arc<dyn Provider>, ConfigError> {
        let base_url = self.base_url.as_deref().unwrap_or(self.kind.default_base_url());
        let endpoint = Endpoint::parse(self.kind, base_url)?;
        if self.needs_key(&endpoint) && self.api_key.is_none() && self.headers.is_empty() {
            return Err(ConfigError::ApiKeyMissing { kind: self.kind });
        }
        let headers = self.request_headers()?;
        let client = self.client(&endpoint)?;
        let dialect = dialect::of(self.kind, &endpoint);
        Ok(Arc::new(HttpProvider::new(self.kind, dialect, client, endpoint, headers)))
    }

    fn needs_key(&self, endpoint: &Endpoint) -> bool {
        match self.kind {
            ProviderKind::Ollama => false,
            ProviderKind::OpenAi
            | ProviderKind::OpenAiResponses
            | ProviderKind::Anthropic
            | ProviderKind::Gemini => !endpoint.is_local(),
        }
    }

    fn request_headers(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &self.api_key {
            let (name, value) = key_header(self.kind, key.expose_secret().trim())?;
            headers.insert(name, value);
        }
        if self.kind == ProviderKind::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        for (name, value) in &self.headers {
            let wrong = |problem| ConfigError::Header { name: ConfigError::name(name), problem };
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| wrong("is not a header's name: letters, digits and dashes"))?;
            if CLIENT_HEADERS.contains(&header.as_str()) {
                return Err(wrong("is set by the client itself"));
            }
            let value = secret_value(value.expose_secret())
                .ok_or_else(|| wrong("has a value of more than visible ASCII characters"))?;
            headers.insert(header, value);
        }
        Ok(headers)
    }

    fn client(&self, endpoint: &Endpoint) -> Result<Client, ConfigError> {
        if self.connect_timeout.is_zero() {
            return Err(ConfigError::ConnectTimeout);
        }
        let client = Client::builder()
            .user_agent(concat!("llm-engine/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            // A redirect would send the conversation and the key to the address that it names.
            .redirect(redirect::Policy::none());
        let client = match self.proxy {
            ProxyPolicy::Environment if !endpoint.is_local() => client,
            ProxyPolicy::Environment | ProxyPolicy::Direct => client.no_proxy(),
        };
        // No certificates are loaded for an unencrypted local server, so that it can be reached on
        // a machine that has none.
        let client = if endpoint.is_local() && !endpoint.is_encrypted() {
            client.tls_certs_only([])
        } else {
            client
        };
        client.build().map_err(|_| ConfigError::Client)
    }
}

fn key_header(kind: ProviderKind, key: &str) -> Result<(HeaderName, HeaderValue), ConfigError> {
    if key.is_empty() {
        return Err(ConfigError::ApiKey { problem: "is empty" });
    }
    let (name, value) = match kind {
        ProviderKind::Anthropic => (HeaderName::from_static("x-api-key"), secret_value(key)),
        ProviderKind::Gemini => (HeaderName::from_static("x-goog-api-key"), secret_value(key)),
        ProviderKind::OpenAi | ProviderKind::OpenAiResponses | ProviderKind::Ollama => {
            (reqwest::header::AUTHORIZATION, secret_value(&format!("Bearer {key}")))
        }
    };
    let problem = "has characters that no header can carry";
    Ok((name, value.ok_or(ConfigError::ApiKey { problem })?))
}

/// Makes the value of a header that `Debug` does not show. `None` if a header cannot carry `text`.
fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_do_not_show_their_values() {
        let config = ProviderConfig::new(ProviderKind::OpenAi).api_key("abc").header("x-a", "def");
        let headers = format!("{:?}", config.request_headers().unwrap());
        assert!(!headers.contains("abc") && !headers.contains("def"), "{headers}");
    }
}
