//! Reads an address as people write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::{Endpoint, path};
use crate::providers::{ConfigError, Protocol, ProviderKind, kind::TABLE};

impl Endpoint {
    /// Reads an address: that of a server, of a version of its API, or of the protocol's method.
    pub(in crate::providers) fn parse(kind: ProviderKind, text: &str) -> Result<Self, ConfigError> {
        let wrong = |problem| ConfigError::BaseUrl { kind, problem };
        let mut url = parse_url(text).map_err(wrong)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user or a password, which belong into a key or a header"));
        }
        if url.fragment().is_some() {
            return Err(wrong("has a fragment"));
        }
        reach_this_machine(&mut url);
        let protocol = kind.protocol();
        if url.query() == Some("") {
            url.set_query(None);
        }
        let plain = path::plain(url.path());
        let (path, is_complete) = path::without_method(protocol, &plain);
        if let Some(problem) = path::foreign_method(path).filter(|_| !is_complete) {
            return Err(wrong(problem));
        }
        url.set_path(path);
        let mut endpoint = Self { url, is_complete, has_deployments: false };
        let speaks_openai = matches!(protocol, Protocol::ChatCompletions | Protocol::Responses);
        if speaks_openai && !is_complete {
            if kind == ProviderKind::AzureOpenAi || endpoint.is_azure() {
                endpoint.find_azure(path).map_err(wrong)?;
            } else if path.is_empty() {
                endpoint.url.set_path(usual_path(&endpoint));
            }
        }
        Ok(endpoint)
    }

    /// Completes the address of a resource of Azure. With a version of the API in the query, each
    /// model has an address of its own; without one, there is the API that is like `OpenAI`'s.
    fn find_azure(&mut self, path: &str) -> Result<(), &'static str> {
        let has_version = self.url.query_pairs().any(|(name, _)| name == "api-version");
        match (path, has_version) {
            ("" | "/openai", true) => {
                self.has_deployments = true;
                self.url.set_path("");
            }
            ("" | "/openai", false) => self.url.set_path("/openai/v1"),
            (path, false) if path.contains("/deployments/") => {
                return Err("has no api-version: end it with `?api-version=`, such as 2024-10-21");
            }
            _ => {}
        }
        Ok(())
    }
}

fn parse_url(text: &str) -> Result<Url, &'static str> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_empty() {
        return Err("is not a URL");
    }
    if text.contains("://") {
        return Url::parse(text).map_err(|_| "is not a URL");
    }
    let url = Url::parse(&format!("http://{text}")).map_err(|_| "is not a URL")?;
    let endpoint = Endpoint { url, is_complete: false, has_deployments: false };
    if endpoint.is_local() {
        Ok(endpoint.url)
    } else {
        Err("has no scheme: begin it with `https://`, or with `http://` for a server without TLS")
    }
}

/// Replaces the address that stands for all addresses of this machine, at which a server listens,
/// by one at which it is reached.
fn reach_this_machine(url: &mut Url) {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback: IpAddr = match host.parse() {
        Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ipv4Addr::LOCALHOST.into(),
        Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ipv6Addr::LOCALHOST.into(),
        Ok(_) | Err(_) => return,
    };
    // This fails only for addresses without a host.
    let _ = url.set_ip_host(loopback);
}

/// Returns the path of the API at an address that has none: `/v1` on this machine, where all
/// servers have it, and the usual path of a known server.
fn usual_path(endpoint: &Endpoint) -> &'static str {
    if endpoint.is_local() {
        return "/v1";
    }
    let mut rows = TABLE.iter().filter(|row| {
        matches!(row.protocol, Protocol::ChatCompletions | Protocol::Responses)
            && endpoint.has_origin_of(row.base_url)
    });
    let path = rows.next().and_then(|row| row.base_url.splitn(4, '/').nth(3));
    path.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn chat(kind: ProviderKind, base: &str) -> String {
        Endpoint::parse(kind, base).unwrap().join(["chat", "completions"]).to_string()
    }

    #[test]
    fn addresses_are_completed() {
        use ProviderKind::*;
        for (kind, base, address) in [
            (OpenAi, "localhost:8080/v1", "http://localhost:8080/v1/chat/completions"),
            (OpenAi, "127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
            (OpenAi, "[::1]:8080", "http://[::1]:8080/v1/chat/completions"),
            (OpenAi, "http://0.0.0.0:80/v1", "http://127.0.0.1/v1/chat/completions"),
            (OpenAi, "http://[::]:1/v1", "http://[::1]:1/v1/chat/completions"),
            (OpenAi, " \"https://h/v1\" ", "https://h/v1/chat/completions"),
            (OpenAi, "https://h", "https://h/chat/completions"),
            (OpenAi, "https://h//a//v1/?", "https://h/a/v1/chat/completions"),
            (OpenAi, "https://h/v1/chat/completions", "https://h/v1/chat/completions"),
            (OpenAi, "http://127.0.0.1:1/chat/completions", "http://127.0.0.1:1/chat/completions"),
            (OpenAi, "https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
            (Groq, "https://api.groq.com/", "https://api.groq.com/openai/v1/chat/completions"),
            (
                AzureOpenAi,
                "https://r.openai.azure.com",
                "https://r.openai.azure.com/openai/v1/chat/completions",
            ),
            (
                OpenAi,
                "https://r.openai.azure.com/openai/deployments/d?api-version=1",
                "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
            ),
        ] {
            assert_eq!(chat(kind, base), address, "{base}");
        }
        let resource =
            Endpoint::parse(AzureOpenAi, "https://r.openai.azure.com/openai/?api-version=1");
        assert!(resource.unwrap().has_deployments());
    }

    #[test]
    fn other_addresses_are_refused() {
        let kind = ProviderKind::OpenAi;
        for (text, part) in [
            ("", "is not a URL"),
            ("http://", "is not a URL"),
            ("10.0.0.1:8080", "has no scheme: begin it with `https://`"),
            ("api.example.com/v1", "has no scheme"),
            ("ftp://h", "is neither http nor https"),
            ("http://u:secret@h", "holds a user or a password"),
            ("http://h/v1#secret", "has a fragment"),
            ("https://r.openai.azure.com/openai/deployments/d", "has no api-version"),
            ("https://h/v1/messages", "the provider is `anthropic`"),
        ] {
            let error = Endpoint::parse(kind, text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
