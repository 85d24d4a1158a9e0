//! What a model call consumed.

/// Tokens of one model call or of one turn. `None` is "the provider did not say", not zero.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenUsage {
    /// The whole prompt, its cached part included.
    pub input_tokens: Option<u64>,
    /// The part of the prompt that was read from the provider's cache.
    pub cached_input_tokens: Option<u64>,
    /// Everything generated, reasoning included.
    pub output_tokens: Option<u64>,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl TokenUsage {
    /// Whether the provider told both the input and the output.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.input_tokens.is_some() && self.output_tokens.is_some()
    }
}
