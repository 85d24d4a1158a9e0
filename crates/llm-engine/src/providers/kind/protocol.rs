//! The protocols that providers speak.

/// A protocol: the form of requests and answers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// `OpenAI` chat completions, which most servers speak.
    ChatCompletions,
    /// The `OpenAI` Responses API.
    Responses,
    /// The Anthropic Messages API.
    Messages,
    /// The Gemini API.
    GenerateContent,
    /// Ollama's own API.
    OllamaChat,
}

impl Protocol {
    /// Returns the fields of a request's body that belong to the provider's own code.
    pub(in crate::providers) fn own_fields(self) -> &'static [&'static str] {
        match self {
            Self::ChatCompletions | Self::OllamaChat => &["model", "messages", "stream"],
            Self::Responses => &["model", "instructions", "input", "stream"],
            Self::Messages => &["model", "system", "messages", "stream"],
            Self::GenerateContent => {
                &["model", "contents", "systemInstruction", "system_instruction", "stream"]
            }
        }
    }
}
