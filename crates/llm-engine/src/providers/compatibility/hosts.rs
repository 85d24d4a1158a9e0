//! What is known of servers by their host.

use super::{Compatibility, SystemMessages::First, TokenLimit::MaxCompletionTokens};
use crate::providers::{
    Protocol,
    auth::Auth,
    endpoint::Endpoint,
    kind::{OPENAI, TABLE},
};

/// What is known of the servers of a host.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::providers) struct Host {
    pub(in crate::providers) compatibility: Compatibility,
    /// How they want the key, if not as the kind says.
    pub(in crate::providers) auth: Option<Auth>,
}

const NEW: Compatibility = Compatibility::new();

const MOONSHOT: Compatibility = NEW.top_k(false).think_tags(false).reasoning_content(true);

/// Hosts that have no row of their own in the table of kinds. Names that begin with a dot are those
/// of all hosts below.
const HOSTS: &[(&str, Compatibility)] = &[
    ("api.openai.com", OPENAI),
    (".api.openai.com", OPENAI),
    ("models.github.ai", OPENAI),
    ("models.inference.ai.azure.com", OPENAI),
    ("api.githubcopilot.com", NEW.top_k(false).think_tags(false)),
    ("api.perplexity.ai", NEW.system(First).alternating(true).think_tags(true)),
    ("api.cerebras.ai", NEW.token_limit(MaxCompletionTokens).top_k(false).think_tags(true)),
    ("generativelanguage.googleapis.com", NEW.top_k(false).think_tags(false)),
    ("api.anthropic.com", NEW.think_tags(false)),
    ("api.cohere.com", NEW.top_k(false).think_tags(false)),
    ("api.cohere.ai", NEW.top_k(false).think_tags(false)),
    ("api.moonshot.ai", MOONSHOT),
    ("api.moonshot.cn", MOONSHOT),
];

/// Returns what is known of the host of `endpoint`.
pub(in crate::providers) fn host(endpoint: &Endpoint, protocol: Protocol) -> Host {
    let host = endpoint.host();
    if endpoint.is_azure() {
        return Host { compatibility: OPENAI, auth: Some(Auth::ApiKey) };
    }
    let is = |(known, _): &&(&str, _)| *known == host || is_below(host, known);
    if let Some((_, compatibility)) = HOSTS.iter().find(is) {
        return Host { compatibility: *compatibility, auth: None };
    }
    let mut rows = TABLE.iter().filter(|row| row.protocol == protocol);
    let row = rows.find(|row| row.needs_key && endpoint.has_origin_of(row.base_url));
    row.map_or_else(Host::default, |row| Host { compatibility: row.compatibility, auth: None })
}

fn is_below(host: &str, domain: &str) -> bool {
    domain.starts_with('.') && host.ends_with(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{ProviderKind, compatibility::Switches};

    #[test]
    fn servers_are_known_by_their_host() {
        let of = |url: &str| {
            let endpoint = Endpoint::parse(ProviderKind::OpenAi, url).unwrap();
            host(&endpoint, Protocol::ChatCompletions)
        };
        for (url, has_new_name, has_think_tags) in [
            ("https://api.openai.com/v1", Some(true), Some(false)),
            ("https://eu.api.openai.com/v1", Some(true), Some(false)),
            ("https://a.openai.azure.com/openai/v1", Some(true), Some(false)),
            ("https://api.groq.com/openai/v1", Some(true), Some(true)),
            ("https://notapi.openai.com.example/v1", None, None),
            ("http://127.0.0.1:8000/v1", None, None),
        ] {
            let compatibility = of(url).compatibility;
            let is_new = |limit| limit == MaxCompletionTokens;
            assert_eq!(compatibility.token_limit.map(is_new), has_new_name, "{url}");
            assert_eq!(compatibility.think_tags, has_think_tags, "{url}");
        }
        for azure in [
            "https://a.openai.azure.com",
            "https://gateway.example/openai/deployments/a?api-version=1",
        ] {
            assert_eq!(of(azure).auth, Some(Auth::ApiKey), "{azure}");
        }
        for wants in ["https://api.deepseek.com/v1", "https://api.moonshot.ai/v1"] {
            assert!(Switches::from(of(wants).compatibility).reasoning_content, "{wants}");
        }
        let mistral = Switches::from(of("https://api.mistral.ai/v1").compatibility);
        assert!(!mistral.stream_options && mistral.short_call_ids);
    }
}
