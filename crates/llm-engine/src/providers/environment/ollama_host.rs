//! Reads `OLLAMA_HOST` as Ollama itself reads it.

use std::net::IpAddr;

/// The port of Ollama, and of the schemes that a value may begin with.
const PORT: u16 = 11434;

/// Converts the value of `OLLAMA_HOST`, which may be a host, a port, both, or a URL, into a URL. A
/// port that is none falls back to the usual one.
pub(super) fn ollama_url(value: &str) -> String {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let (scheme, rest, usual_port) = match value.split_once("://") {
        Some(("http", rest)) => ("http", rest, 80),
        Some(("https", rest)) => ("https", rest, 443),
        // What is no address of a server is refused with the address.
        Some(_) => return value.to_owned(),
        None if value == "ollama.com" => ("https", value, 443),
        None => ("http", value, PORT),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = split(authority);
    let port = port.map_or(usual_port, |port| port.parse().unwrap_or(usual_port));
    format!("{scheme}://{}:{port}/{path}", shown(host))
}

/// Splits a host from its port. An address with colons and without brackets has no port.
fn split(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

fn shown(host: &str) -> String {
    let bare = host.trim_matches(['[', ']']);
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        Ok(IpAddr::V4(_)) => bare.to_owned(),
        Err(_) if host.is_empty() => "127.0.0.1".to_owned(),
        Err(_) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_ollama_reads_them() {
        for (value, url) in [
            ("box", "http://box:11434/"),
            ("box:80", "http://box:80/"),
            (":1234", "http://127.0.0.1:1234/"),
            (":", "http://127.0.0.1:11434/"),
            ("0.0.0.0", "http://0.0.0.0:11434/"),
            ("::1", "http://[::1]:11434/"),
            ("[::1]", "http://[::1]:11434/"),
            ("[::1]:80", "http://[::1]:80/"),
            ("box/base", "http://box:11434/base"),
            ("\"box:1/\"", "http://box:1/"),
            (" ' box ' ", "http://box:11434/"),
            ("https://box", "https://box:443/"),
            ("http://box", "http://box:80/"),
            ("http://box:1/", "http://box:1/"),
            ("http://:1", "http://127.0.0.1:1/"),
            ("ollama.com", "https://ollama.com:443/"),
            ("box:66000", "http://box:11434/"),
            ("box:-1", "http://box:11434/"),
            ("box:x", "http://box:11434/"),
            ("https://box:x", "https://box:443/"),
            ("ftp://box", "ftp://box"),
        ] {
            assert_eq!(ollama_url(value), url, "{value}");
        }
    }
}
