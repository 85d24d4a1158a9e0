//! The address of a provider.

mod parse;
mod path;

use std::{fmt, net::IpAddr};

use reqwest::Url;

use super::{ConfigError, ProviderKind};

/// Hosts of Azure.
const AZURE: [&str; 3] =
    [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"];

/// A checked base URL. Its `Debug` shows no query, which may hold a secret.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    /// Whether the address named the method of the protocol, so that nothing but the method is
    /// missing now.
    is_complete: bool,
    /// Whether the address is that of an Azure resource, below which each model has its own.
    has_deployments: bool,
}

impl Endpoint {
    /// Returns whether the address is of this machine.
    pub(super) fn is_local(&self) -> bool {
        let address = self.host().trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address.map(|address| address.to_canonical()) {
            Ok(address) => address.is_loopback() || address.is_unspecified(),
            Err(_) => self.host() == "localhost" || self.host().ends_with(".localhost"),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the scheme, host and port, for people.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Returns the address without its query, which may hold a secret.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.origin(), self.url.path().trim_end_matches('/'))
    }

    /// Returns whether the host, the port and the scheme are those of `url`.
    pub(super) fn has_origin_of(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.origin() == self.url.origin())
    }

    /// Returns whether the address is one of Azure, or of a gateway that looks like it.
    pub(super) fn is_azure(&self) -> bool {
        AZURE.iter().any(|azure| self.host().ends_with(azure))
            || self.url.path().contains("/openai/deployments/")
    }

    pub(super) fn has_query(&self) -> bool {
        self.url.query().is_some_and(|query| !query.is_empty())
    }

    /// Returns the values of the query, but for the version of the API.
    pub(super) fn query_values(&self) -> impl Iterator<Item = String> {
        let pairs = self.url.query_pairs().filter(|(name, _)| name != "api-version");
        pairs.map(|(_, value)| value.into_owned())
    }

    pub(super) fn has_deployments(&self) -> bool {
        self.has_deployments
    }

    /// Returns the address of `path` below this endpoint, with the endpoint's query.
    pub(super) fn join<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Returns the address of the list of models of a server that speaks like `OpenAI`. Azure has
    /// one list for all deployments.
    pub(super) fn of_models(&self) -> Url {
        let mut base = self.clone();
        let path = self.url.path();
        if let Some((folder, _)) = path.split_once("/deployments/") {
            base.url.set_path(folder);
        }
        let folder = self.has_deployments.then_some("openai");
        base.join(folder.into_iter().chain(["models"]))
    }

    /// Returns the address of `version` and `path` below this endpoint. No version is added if the
    /// endpoint already ends with one.
    pub(super) fn join_versioned<'a>(&self, version: &'a str, path: &[&'a str]) -> Url {
        let last = self.url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_versioned = self.is_complete || path::is_version(last);
        self.join((!is_versioned).then_some(version).into_iter().chain(path.iter().copied()))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.origin()).finish()
    }
}

impl ProviderKind {
    /// Checks an address without building a provider for it.
    pub fn check_base_url(self, base_url: &str) -> Result<(), ConfigError> {
        Endpoint::parse(self, base_url).map(drop)
    }
}

/// Returns an address as it may be shown: without a user, a password and the values of a query,
/// which may be secrets.
#[must_use]
pub fn shown_base_url(base_url: &str) -> String {
    let (address, query) = match base_url.trim().split_once('?') {
        Some((address, _)) => (address, "?…"),
        None => (base_url.trim(), ""),
    };
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    format!("{scheme}{host}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        Endpoint::parse(ProviderKind::OpenAi, text).unwrap()
    }

    #[test]
    fn addresses_of_this_machine_are_known() {
        for local in [
            "http://127.0.0.1:1/v1",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://[::ffff:127.0.0.1]",
            "http://LocalHost",
            "http://a.localhost",
            "http://0.0.0.0:11434",
        ] {
            assert!(endpoint(local).is_local(), "{local}");
        }
        for remote in [
            "https://api.example.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://[::2]",
        ] {
            assert!(!endpoint(remote).is_local(), "{remote}");
        }
    }

    #[test]
    fn paths_are_joined_whether_or_not_the_base_ends_in_a_slash() {
        for base in ["http://h/v1", "http://h/v1/", "http://h/v1//"] {
            assert_eq!(endpoint(base).join(["chat", "x"]).as_str(), "http://h/v1/chat/x");
        }
        assert_eq!(endpoint("http://h").join(["a/b ?", "c"]).path(), "/a%2Fb%20%3F/c");
    }

    #[test]
    fn the_version_is_not_said_twice() {
        for (base, path) in [
            ("http://h/p", "/p/v1/m"),
            ("http://h/p/", "/p/v1/m"),
            ("http://h/p/v1", "/p/v1/m"),
            ("http://h/p/v1/", "/p/v1/m"),
            ("http://h/p/v1beta", "/p/v1beta/m"),
            ("http://h/vertex", "/vertex/v1/m"),
        ] {
            assert_eq!(endpoint(base).join_versioned("v1", &["m"]).path(), path, "{base}");
        }
    }

    #[test]
    fn a_query_is_kept_and_not_shown() {
        let endpoint = endpoint("https://h/v1/?api-version=1&key=secret");
        let url = endpoint.join(["chat"]);
        assert_eq!(url.as_str(), "https://h/v1/chat?api-version=1&key=secret");
        assert!(!format!("{endpoint:?} {}", endpoint.origin()).contains("secret"));
        assert_eq!(endpoint.address(), "https://h/v1");
    }

    #[test]
    fn an_address_is_shown_without_secrets() {
        for (address, shown) in [
            ("https://h/v1", "https://h/v1"),
            ("https://h/v1?api-version=1", "https://h/v1?…"),
            ("https://u:secret@h:1/v1?key=secret", "https://h:1/v1?…"),
            ("https://u:secret@h", "https://h"),
            ("localhost:1/a@b", "localhost:1/a@b"),
        ] {
            assert_eq!(shown_base_url(address), shown);
        }
    }
}
