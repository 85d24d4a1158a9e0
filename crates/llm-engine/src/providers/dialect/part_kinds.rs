//! The kinds of parts that go back to a provider as they came, in the words of each dialect.

/// Gemini's signature of a part, which goes back on the very part.
pub(in crate::providers::dialect) const THOUGHT_SIGNATURE: &str = "thoughtSignature";

/// Ollama's reasoning, which goes back with the message.
pub(in crate::providers::dialect) const THINKING: &str = "thinking";

/// The reasoning of chat completions, which goes back with the message.
pub(in crate::providers::dialect) const REASONING_CONTENT: &str = "reasoning_content";

/// What a server of chat completions adds to a call and wants back with it, such as Gemini's signatures.
pub(in crate::providers::dialect) const EXTRA_CONTENT: &str = "extra_content";

/// An item of encrypted reasoning of the Responses API.
pub(in crate::providers::dialect) const REASONING_ITEM: &str = "reasoning";
