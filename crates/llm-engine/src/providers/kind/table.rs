//! The table of providers: a row says all that is special about one.

use super::{Protocol, ProviderKind};
use crate::providers::{
    auth::Auth,
    compatibility::{
        Compatibility, ReasoningField, SeedField, SystemMessages, TokenLimit::MaxCompletionTokens,
    },
};

/// A provider.
#[derive(Debug)]
pub(in crate::providers) struct Row {
    pub(in crate::providers) kind: ProviderKind,
    /// The stable name, for flags and files.
    pub(in crate::providers) name: &'static str,
    pub(in crate::providers) protocol: Protocol,
    /// The usual address, or the form of an address if there is no usual one.
    pub(in crate::providers) base_url: &'static str,
    pub(in crate::providers) has_usual_address: bool,
    /// The variables that usually hold the key. The first one that is set counts.
    pub(in crate::providers) key_variables: &'static [&'static str],
    /// A variable that usually holds a bearer token. It counts before all keys.
    pub(in crate::providers) token_variable: Option<&'static str>,
    /// The variable that usually holds the address.
    pub(in crate::providers) base_url_variable: &'static str,
    /// How the key is sent.
    pub(in crate::providers) auth: Auth,
    /// Whether a server that is not on this machine wants a key.
    pub(in crate::providers) needs_key: bool,
    /// Whether the usual address wants the name of a model.
    pub(in crate::providers) needs_model: bool,
    /// What differs from the protocol as most servers speak it.
    pub(in crate::providers) compatibility: Compatibility,
}

/// A row of a server on the internet that speaks chat completions.
const fn hosted(
    kind: ProviderKind,
    name: &'static str,
    base_url: &'static str,
    key_variables: &'static [&'static str],
    base_url_variable: &'static str,
    compatibility: Compatibility,
) -> Row {
    Row {
        kind,
        name,
        protocol: Protocol::ChatCompletions,
        base_url,
        has_usual_address: true,
        key_variables,
        token_variable: None,
        base_url_variable,
        auth: Auth::Bearer,
        needs_key: true,
        needs_model: true,
        compatibility,
    }
}

/// A row of a server that people run themselves and that speaks chat completions.
const fn own(
    kind: ProviderKind,
    name: &'static str,
    base_url: &'static str,
    key_variables: &'static [&'static str],
    base_url_variable: &'static str,
) -> Row {
    Row {
        needs_key: false,
        needs_model: false,
        ..hosted(kind, name, base_url, key_variables, base_url_variable, OWN)
    }
}

const NEW: Compatibility = Compatibility::new();

/// Servers that people run themselves often leave the marks of reasoning in the text.
const OWN: Compatibility = NEW.think_tags(true);

/// `OpenAI`'s own servers, which are reached by several kinds.
pub(in crate::providers) const OPENAI: Compatibility = NEW
    .token_limit(MaxCompletionTokens)
    .top_k(false)
    .prompt_cache_key(true)
    .think_tags(false)
    .schema_choices(false);

/// All providers, in the order of [`ProviderKind`].
pub(in crate::providers) static TABLE: [Row; 16] = [
    hosted(
        ProviderKind::OpenAi,
        "openai",
        "https://api.openai.com/v1",
        &["OPENAI_API_KEY"],
        "OPENAI_BASE_URL",
        OWN,
    ),
    Row {
        protocol: Protocol::Responses,
        ..hosted(
            ProviderKind::OpenAiResponses,
            "openai-responses",
            "https://api.openai.com/v1",
            &["OPENAI_API_KEY"],
            "OPENAI_BASE_URL",
            NEW,
        )
    },
    Row {
        protocol: Protocol::Messages,
        token_variable: Some("ANTHROPIC_AUTH_TOKEN"),
        auth: Auth::XApiKey,
        ..hosted(
            ProviderKind::Anthropic,
            "anthropic",
            "https://api.anthropic.com",
            &["ANTHROPIC_API_KEY"],
            "ANTHROPIC_BASE_URL",
            NEW,
        )
    },
    Row {
        protocol: Protocol::GenerateContent,
        auth: Auth::XGoogApiKey,
        ..hosted(
            ProviderKind::Gemini,
            "gemini",
            "https://generativelanguage.googleapis.com",
            &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            "GOOGLE_GEMINI_BASE_URL",
            NEW,
        )
    },
    Row {
        protocol: Protocol::OllamaChat,
        needs_key: false,
        ..hosted(
            ProviderKind::Ollama,
            "ollama",
            "http://127.0.0.1:11434",
            &["OLLAMA_API_KEY"],
            "OLLAMA_HOST",
            OWN.reasoning_content(true),
        )
    },
    hosted(
        ProviderKind::OpenRouter,
        "openrouter",
        "https://openrouter.ai/api/v1",
        &["OPENROUTER_API_KEY"],
        "OPENROUTER_BASE_URL",
        NEW.reasoning(ReasoningField::Reasoning),
    ),
    Row {
        has_usual_address: false,
        auth: Auth::ApiKey,
        ..hosted(
            ProviderKind::AzureOpenAi,
            "azure-openai",
            "https://RESOURCE.openai.azure.com",
            &["AZURE_OPENAI_API_KEY"],
            "AZURE_OPENAI_ENDPOINT",
            OPENAI,
        )
    },
    hosted(
        ProviderKind::Groq,
        "groq",
        "https://api.groq.com/openai/v1",
        &["GROQ_API_KEY"],
        "GROQ_BASE_URL",
        NEW.token_limit(MaxCompletionTokens).top_k(false).think_tags(true),
    ),
    hosted(
        ProviderKind::Mistral,
        "mistral",
        "https://api.mistral.ai/v1",
        &["MISTRAL_API_KEY"],
        "MISTRAL_BASE_URL",
        NEW.system(SystemMessages::First)
            .stream_options(false)
            .seed(SeedField::RandomSeed)
            .top_k(false)
            .short_call_ids(true),
    ),
    hosted(
        ProviderKind::DeepSeek,
        "deepseek",
        "https://api.deepseek.com/v1",
        &["DEEPSEEK_API_KEY"],
        "DEEPSEEK_BASE_URL",
        NEW.top_k(false).reasoning_content(true),
    ),
    hosted(
        ProviderKind::Xai,
        "xai",
        "https://api.x.ai/v1",
        &["XAI_API_KEY"],
        "XAI_BASE_URL",
        NEW.top_k(false),
    ),
    hosted(
        ProviderKind::Together,
        "together",
        "https://api.together.xyz/v1",
        &["TOGETHER_API_KEY"],
        "TOGETHER_BASE_URL",
        OWN,
    ),
    hosted(
        ProviderKind::Fireworks,
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        &["FIREWORKS_API_KEY"],
        "FIREWORKS_BASE_URL",
        OWN,
    ),
    own(
        ProviderKind::LmStudio,
        "lm-studio",
        "http://127.0.0.1:1234/v1",
        &["LM_API_TOKEN"],
        "LMSTUDIO_BASE_URL",
    ),
    own(ProviderKind::Vllm, "vllm", "http://127.0.0.1:8000/v1", &["VLLM_API_KEY"], "VLLM_BASE_URL"),
    own(
        ProviderKind::LlamaCpp,
        "llama-cpp",
        "http://127.0.0.1:8080/v1",
        &["LLAMA_API_KEY"],
        "LLAMA_CPP_BASE_URL",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_row() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, index, "{}", row.name);
        }
    }
}
