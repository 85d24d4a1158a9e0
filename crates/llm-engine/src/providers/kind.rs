//! The kinds of providers.

mod parse;
mod protocol;
mod table;

use std::fmt;

pub use protocol::Protocol;
pub(super) use table::{OPENAI, Row, TABLE};

/// A kind of provider: a protocol, with the names and addresses that belong to it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ProviderKind {
    /// `OpenAI` chat completions, at `OpenAI` or any other server that speaks them.
    OpenAi,
    /// The `OpenAI` Responses API.
    OpenAiResponses,
    /// The Anthropic Messages API.
    Anthropic,
    /// The Gemini API.
    Gemini,
    /// Ollama's own API.
    Ollama,
    /// `OpenRouter`.
    OpenRouter,
    /// `OpenAI`'s models at Azure.
    AzureOpenAi,
    /// Groq.
    Groq,
    /// Mistral.
    Mistral,
    /// `DeepSeek`.
    DeepSeek,
    /// xAI.
    Xai,
    /// Together.
    Together,
    /// Fireworks.
    Fireworks,
    /// LM Studio.
    LmStudio,
    /// vLLM.
    Vllm,
    /// The server of llama.cpp.
    LlamaCpp,
}

impl ProviderKind {
    /// All kinds.
    pub const ALL: [Self; TABLE.len()] = {
        let mut all = [Self::OpenAi; TABLE.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = TABLE[index].kind;
            index += 1;
        }
        all
    };

    /// Returns the stable name, for flags and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Returns the protocol.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        self.row().protocol
    }

    /// Returns the address of the provider if no other is set, or the form of an address if there
    /// is [none](Self::has_default_base_url).
    #[must_use]
    pub fn default_base_url(self) -> &'static str {
        self.row().base_url
    }

    /// Returns whether the provider has an address that all its users share.
    #[must_use]
    pub fn has_default_base_url(self) -> bool {
        self.row().has_usual_address
    }

    /// Returns the environment variables that usually hold the key. The first one that is set
    /// counts.
    #[must_use]
    pub fn api_key_variables(self) -> &'static [&'static str] {
        self.row().key_variables
    }

    /// Returns the environment variable that usually holds the address.
    #[must_use]
    pub fn base_url_variable(self) -> &'static str {
        self.row().base_url_variable
    }

    /// Returns whether a request must name a model. A server that speaks chat completions at an
    /// address of one's own may have only one model.
    /// [`ProviderConfig::needs_model`](super::ProviderConfig::needs_model) knows the address.
    #[must_use]
    pub fn needs_model(self, has_base_url: bool) -> bool {
        let may_have_one = self.protocol() == Protocol::ChatCompletions && has_base_url;
        self.row().needs_model && !may_have_one
    }

    pub(super) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
