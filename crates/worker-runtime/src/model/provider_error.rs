//! What a provider itself said about a failed call.

use llm_engine::ShortText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the provider itself said about a failed call, in its own words. These are texts from
/// outside: show them to people, and let no program depend on them. They have no control characters,
/// and no key that was sent to the provider.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProviderError {
    /// The HTTP status. If absent, none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// The code of the error, of at most 64 characters. If absent, the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The type of the error, of at most 64 characters. If absent, the provider gave none.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The message, of at most 500 characters. If absent, the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The id by which the provider knows the request, of at most 128 characters. If absent, the
    /// provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl From<llm_engine::ProviderError> for ProviderError {
    fn from(said: llm_engine::ProviderError) -> Self {
        // A provider of the host may have set longer texts than the engine's own.
        let said = said.bounded();
        let text = |text: Option<ShortText>| text.map(String::from);
        Self {
            status: said.status.map(u32::from),
            code: text(said.code),
            error_type: text(said.error_type),
            message: text(said.message),
            request_id: text(said.request_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_provider_did_not_say_is_left_out() {
        let said = llm_engine::ProviderError::new().status(429).error_type("requests");
        let said = ProviderError::from(said);
        assert_eq!(json!(said), json!({ "status": 429, "type": "requests" }));
        assert_eq!(json!(ProviderError::default()), json!({}));
        let read = json!({ "status": 429, "type": "requests", "later": 1 });
        assert_eq!(serde_json::from_value::<ProviderError>(read).unwrap(), said);
    }

    #[test]
    fn a_provider_of_the_host_cannot_say_more() {
        let mut said = llm_engine::ProviderError::new();
        said.code = Some("x".repeat(500).into());
        said.request_id.clone_from(&said.code);
        let said = ProviderError::from(said);
        assert_eq!(said.code.unwrap().chars().count(), 64);
        assert_eq!(said.request_id.unwrap().chars().count(), 128);
    }
}
