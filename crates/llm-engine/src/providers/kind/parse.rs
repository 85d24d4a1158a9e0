//! Reads the name of a protocol.

use std::str::FromStr;

use super::ProviderKind;
use crate::providers::ConfigError;

impl FromStr for ProviderKind {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| ConfigError::UnknownProvider { given: ConfigError::name(name) })
    }
}

#[cfg(test)]
mod tests {
    use super::ProviderKind;

    #[test]
    fn names_are_read_back() {
        for kind in ProviderKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "OpenAI".parse::<ProviderKind>().unwrap_err().to_string();
        assert_eq!(
            error,
            "provider \"OpenAI\" is unknown; known are openai, openai-responses, anthropic, \
             gemini, ollama, openrouter, azure-openai, groq, mistral, deepseek, xai, together, \
             fireworks, lm-studio, vllm, llama-cpp"
        );
        let error = "x".repeat(100_000).parse::<ProviderKind>().unwrap_err().to_string();
        assert!(error.len() < 400, "{error}");
    }
}
