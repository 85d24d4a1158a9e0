//! The paths of addresses: what of them belongs to a method, to a version, or to the server.

use crate::providers::Protocol;

/// The paths of the methods of a protocol, and what people copy with them.
fn methods(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::ChatCompletions => &["/chat/completions"],
        Protocol::Responses => &["/responses"],
        Protocol::Messages => &["/messages"],
        Protocol::GenerateContent => &["/models", "/openai"],
        Protocol::OllamaChat => {
            &["/api/chat", "/api/generate", "/api/tags", "/v1/chat/completions", "/api", "/v1"]
        }
    }
}

/// Returns a path without empty parts.
pub(super) fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.fold(String::new(), |path, part| path + "/" + part)
}

/// Returns the problem of a path that ends with a method of another protocol than that of its
/// provider.
pub(super) fn foreign_method(path: &str) -> Option<&'static str> {
    let methods = [
        ("/chat/completions", "is of chat completions: the provider is `openai`"),
        ("/v1/responses", "is of the Responses API: the provider is `openai-responses`"),
        ("/v1/messages", "is of the Messages API: the provider is `anthropic`"),
        ("/api/chat", "is of Ollama's own API: the provider is `ollama`"),
        ("/api/generate", "is of Ollama's own API: the provider is `ollama`"),
    ];
    methods.iter().find(|(method, _)| path.ends_with(method)).map(|(_, problem)| *problem)
}

/// Returns `path` without a method at its end, and whether there was one.
pub(super) fn without_method(protocol: Protocol, path: &str) -> (&str, bool) {
    let path = match protocol {
        Protocol::GenerateContent => without_model(path),
        Protocol::ChatCompletions
        | Protocol::Responses
        | Protocol::Messages
        | Protocol::OllamaChat => path,
    };
    let base = methods(protocol).iter().find_map(|method| path.strip_suffix(method));
    match base {
        Some(base) => (base, true),
        None => (path, false),
    }
}

/// Returns the path of one of Gemini's models, such as `/v1beta/models/x:streamGenerateContent`,
/// without the model and the method.
fn without_model(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, name)) if name.contains(':') && folder.ends_with("/models") => folder,
        Some(_) | None => path,
    }
}

/// Returns whether a segment of a path is the version of an API, such as `v1` or `v1beta`.
pub(super) fn is_version(segment: &str) -> bool {
    let Some(version) = segment.strip_prefix('v') else { return false };
    let stage = version.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_stage =
        ["", "alpha", "beta"].contains(&stage.trim_end_matches(|c: char| c.is_ascii_digit()));
    stage.len() < version.len() && is_stage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known() {
        for version in ["v1", "v2", "v1beta", "v1alpha", "v1beta1", "v10"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["", "v", "vertex", "v1x", "1", "api", "vbeta"] {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn paths_have_no_empty_parts() {
        for (path, expected) in [("/", ""), ("//v1//", "/v1"), ("/a/b", "/a/b")] {
            assert_eq!(plain(path), expected);
        }
    }

    #[test]
    fn methods_are_taken_off() {
        use Protocol::*;
        for (protocol, path, base, has_method) in [
            (ChatCompletions, "/v1/chat/completions", "/v1", true),
            (ChatCompletions, "/v1", "/v1", false),
            (ChatCompletions, "/chat", "/chat", false),
            (Responses, "/v1/responses", "/v1", true),
            (Messages, "/anthropic/v1/messages", "/anthropic/v1", true),
            (GenerateContent, "/v1beta/models/x:streamGenerateContent", "/v1beta", true),
            (GenerateContent, "/v1beta/models", "/v1beta", true),
            (GenerateContent, "/v1beta/openai", "/v1beta", true),
            (GenerateContent, "/v1beta/x:y", "/v1beta/x:y", false),
            (OllamaChat, "/api/chat", "", true),
            (OllamaChat, "/box/api", "/box", true),
            (OllamaChat, "/v1", "", true),
            (OllamaChat, "", "", false),
        ] {
            assert_eq!(without_method(protocol, path), (base, has_method), "{path}");
        }
    }
}
