//! A server that is reached over streamable HTTP.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use llm_engine::ShortText;
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use rmcp::transport::{
    common::client_side_sse::ExponentialBackoff,
    streamable_http_client::{StreamableHttpClientTransportConfig, StreamableHttpClientWorker},
};

/// The time to open a connection.
const OPENING: Duration = Duration::from_secs(10);

/// A server that is reached over streamable HTTP.
///
/// Neither headers nor more of the address than its origin are in its `Debug`. Redirects are not
/// followed, so that headers reach nobody else.
#[derive(Clone)]
pub struct McpEndpoint {
    url: String,
    headers: Vec<(String, String)>,
}

impl McpEndpoint {
    /// Creates an endpoint of an address with `http` or `https`. The SDK logs addresses: secrets
    /// belong into headers.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: Vec::new() }
    }

    /// Adds a header to every request. Its value is hidden wherever the server says it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds the header `Authorization: Bearer TOKEN` to every request.
    #[must_use]
    pub fn bearer_token(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }

    /// Returns the values that nobody may be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> {
        let values = self.headers.iter().map(|(_, value)| value);
        values.flat_map(|value| {
            let token = value.strip_prefix("Bearer ").map(ToOwned::to_owned);
            token.into_iter().chain([value.clone()])
        })
    }

    /// Prepares the connection. The error says what is wrong, without any value.
    pub(crate) fn transport(
        &self,
    ) -> Result<StreamableHttpClientWorker<reqwest::Client>, ShortText> {
        let url = Url::parse(&self.url).map_err(|_| "the address is not a URL")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the address does not begin with `http://` or `https://`".into());
        }
        let mut headers = HashMap::new();
        for (name, value) in &self.headers {
            let wrong = |_| ShortText::from(format!("the header `{name}` cannot be sent"));
            let key = HeaderName::try_from(name).map_err(|_| "the name of a header is not one")?;
            let mut value = HeaderValue::try_from(value).map_err(wrong)?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str())
            .custom_headers(headers)
            // A new session may have other tools. It is begun where their digests are compared.
            .reinit_on_expired_session(false);
        config.allow_stateless = true;
        config.retry_config = Arc::new(retries());
        // The pool is off for the reason that the SDK gives for its own client: a connection that
        // is used again may stall.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(OPENING)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| ShortText::from(error.without_url().to_string()))?;
        Ok(StreamableHttpClientWorker::new(client, config))
    }
}

/// How often an answer is waited for again that began to come and broke off. A server that is gone
/// is known to be so after a few seconds.
fn retries() -> ExponentialBackoff {
    let mut retries = ExponentialBackoff::default();
    retries.max_times = Some(3);
    retries.base_duration = Duration::from_millis(500);
    retries
}

impl fmt::Debug for McpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = Url::parse(&self.url).map(|url| url.origin().ascii_serialization());
        f.debug_struct("McpEndpoint").field("origin", &origin.ok()).finish_non_exhaustive()
    }
}
