//! The address of a provider.

use std::net::IpAddr;

use reqwest::Url;

use super::{ConfigError, ProviderKind};

/// A checked base URL.
#[derive(Clone, Debug)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    pub(super) fn parse(kind: ProviderKind, text: &str) -> Result<Self, ConfigError> {
        let wrong = |problem| ConfigError::BaseUrl { kind, problem };
        let url = Url::parse(text.trim()).map_err(|_| wrong("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user or a password, which belong into a key or a header"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a query or a fragment"));
        }
        Ok(Self(url))
    }

    /// Returns whether the address is of this machine.
    pub(super) fn is_local(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address.map(|address| address.to_canonical()) {
            Ok(address) => address.is_loopback() || address.is_unspecified(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(super) fn host_is(&self, host: &str) -> bool {
        self.0.host_str() == Some(host)
    }

    /// Returns the scheme, host and port, for people.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns the address of `path` below this endpoint.
    pub(super) fn join<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Returns the address of `version` and `path` below this endpoint. The version is not repeated
    /// if the endpoint already ends with it.
    pub(super) fn join_versioned<'a>(&self, version: &'a str, path: &[&'a str]) -> Url {
        let mut segments = self.0.path_segments().into_iter().flatten();
        let is_versioned = segments.rfind(|segment| !segment.is_empty()) == Some(version);
        self.join((!is_versioned).then_some(version).into_iter().chain(path.iter().copied()))
    }
}

impl ProviderKind {
    /// Checks an address without building a provider for it.
    ///
    /// An address that passes holds no user, password or query, and can be shown.
    pub fn check_base_url(self, base_url: &str) -> Result<(), ConfigError> {
        Endpoint::parse(self, base_url).map(drop)
    }
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
        for base in ["http://h/v1", "http://h/v1/"] {
            assert_eq!(endpoint(base).join(["chat", "x"]).as_str(), "http://h/v1/chat/x");
        }
        assert_eq!(endpoint("http://h").join(["a/b ?", "c"]).path(), "/a%2Fb%20%3F/c");
    }

    #[test]
    fn the_version_is_not_said_twice() {
        for base in ["http://h/p", "http://h/p/", "http://h/p/v1", "http://h/p/v1/"] {
            assert_eq!(endpoint(base).join_versioned("v1", &["m"]).path(), "/p/v1/m", "{base}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for (text, problem) in [
            ("", "is not a URL"),
            ("127.0.0.1:8080", "is not a URL"),
            ("localhost:8080", "is neither http nor https"),
            ("ftp://h", "is neither http nor https"),
            ("http://", "is not a URL"),
            (
                "http://u:secret@h",
                "holds a user or a password, which belong into a key or a header",
            ),
            ("http://h/v1?key=secret", "has a query or a fragment"),
            ("http://h/v1#x", "has a query or a fragment"),
        ] {
            let error = Endpoint::parse(ProviderKind::OpenAi, text).unwrap_err();
            assert_eq!(
                error,
                ConfigError::BaseUrl { kind: ProviderKind::OpenAi, problem },
                "{text}"
            );
            assert!(!error.to_string().contains("secret"));
        }
    }
}
