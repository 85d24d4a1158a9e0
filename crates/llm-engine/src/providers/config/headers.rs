//! The headers of a provider's requests.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;

use super::ProviderConfig;
use crate::providers::{Auth, ConfigError, Protocol, auth::secret_value};

/// The headers about the transport of a message, which the HTTP client sets itself.
const CLIENT_HEADERS: [&str; 5] =
    ["connection", "content-length", "content-type", "host", "transfer-encoding"];

impl ProviderConfig {
    /// Returns the headers of every request, with the key in the header that `auth` names.
    pub(super) fn request_headers(&self, auth: Auth) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &self.api_key {
            let header = auth.header(key.expose_secret());
            let (name, value) = header.map_err(|problem| ConfigError::ApiKey { problem })?;
            headers.insert(name, value);
        }
        if self.kind.protocol() == Protocol::Messages {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::ProviderKind;

    #[test]
    fn headers_do_not_show_their_values() {
        let config = ProviderConfig::new(ProviderKind::OpenAi).api_key("abc").header("x-a", "def");
        let headers = format!("{:?}", config.request_headers(Auth::Bearer).unwrap());
        assert!(!headers.contains("abc") && !headers.contains("def"), "{headers}");
    }
}
