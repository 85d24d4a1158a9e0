//! The token counts of a model call or a turn.

use std::ops::AddAssign;

/// The token counts of one model call or of one turn. `None` means that the provider reported no
/// count, which is not the same as zero.
///
/// ```
/// use llm_engine::TokenUsage;
///
/// let usage = TokenUsage::new().input(40).cached_input(32).output(5);
/// assert_eq!(usage.cached_input_tokens, Some(32));
/// assert!(usage.is_complete());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenUsage {
    /// The tokens of the whole prompt, including its cached part.
    pub input_tokens: Option<u64>,
    /// The tokens of the prompt that were read from the provider's cache.
    pub cached_input_tokens: Option<u64>,
    /// All generated tokens, including reasoning.
    pub output_tokens: Option<u64>,
    /// The generated tokens that were reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl TokenUsage {
    /// Creates a usage in which no count is known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            input_tokens: None,
            cached_input_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
        }
    }

    /// Sets the tokens of the whole prompt.
    #[must_use]
    pub const fn input(mut self, tokens: u64) -> Self {
        self.input_tokens = Some(tokens);
        self
    }

    /// Sets the tokens of the prompt that were read from the provider's cache.
    #[must_use]
    pub const fn cached_input(mut self, tokens: u64) -> Self {
        self.cached_input_tokens = Some(tokens);
        self
    }

    /// Sets all generated tokens, including reasoning.
    #[must_use]
    pub const fn output(mut self, tokens: u64) -> Self {
        self.output_tokens = Some(tokens);
        self
    }

    /// Sets the generated tokens that were reasoning.
    #[must_use]
    pub const fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning_tokens = Some(tokens);
        self
    }

    /// Returns whether the counts of both the input and the output are known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.input_tokens.is_some() && self.output_tokens.is_some()
    }

    /// Replaces the counts that `later`, a newer report on the same call, contains. Other counts
    /// are kept.
    pub fn update(&mut self, later: Self) {
        *self = self.zip(later, |known, said| said.or(known));
    }

    fn zip(self, other: Self, join: impl Fn(Option<u64>, Option<u64>) -> Option<u64>) -> Self {
        Self {
            input_tokens: join(self.input_tokens, other.input_tokens),
            cached_input_tokens: join(self.cached_input_tokens, other.cached_input_tokens),
            output_tokens: join(self.output_tokens, other.output_tokens),
            reasoning_tokens: join(self.reasoning_tokens, other.reasoning_tokens),
        }
    }
}

/// Adds the counts one by one. A count that only one side has is kept as it is.
impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        *self = self.zip(other, |one, two| match (one, two) {
            (Some(one), Some(two)) => Some(one.saturating_add(two)),
            (told, None) | (None, told) => told,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::TokenUsage;

    fn usage(input_tokens: Option<u64>, output_tokens: Option<u64>) -> TokenUsage {
        TokenUsage { input_tokens, output_tokens, ..TokenUsage::default() }
    }

    #[test]
    fn later_figures_replace_earlier_ones_field_by_field() {
        let mut told = usage(Some(7), Some(1));
        told.update(usage(None, Some(3)));
        assert_eq!(told, usage(Some(7), Some(3)));
    }

    #[test]
    fn sums_keep_what_only_one_side_says_and_do_not_overflow() {
        let mut sum = usage(None, Some(1));
        sum += usage(Some(2), None);
        assert_eq!(sum, usage(Some(2), Some(1)));
        sum += usage(Some(u64::MAX), Some(1));
        assert_eq!(sum, usage(Some(u64::MAX), Some(2)));
    }
}
