//! The token counts of a model call or a turn.

use std::ops::AddAssign;

use crate::TokenCount;

/// The token counts of one model call or of one turn. `None` means that the provider reported no
/// count, which is not the same as zero.
///
/// ```
/// use llm_engine::TokenUsage;
///
/// let usage = TokenUsage::new().input(40).cached_input(32).output(5);
/// assert_eq!(usage.cached_input_tokens, Some(32.into()));
/// assert!(usage.is_complete());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenUsage {
    /// The tokens of the whole prompt, including its cached part.
    pub input_tokens: Option<TokenCount>,
    /// The tokens of the prompt that were read from the provider's cache.
    pub cached_input_tokens: Option<TokenCount>,
    /// All generated tokens, including reasoning.
    pub output_tokens: Option<TokenCount>,
    /// The generated tokens that were reasoning.
    pub reasoning_tokens: Option<TokenCount>,
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
        self.input_tokens = Some(TokenCount::new(tokens));
        self
    }

    /// Sets the tokens of the prompt that were read from the provider's cache.
    #[must_use]
    pub const fn cached_input(mut self, tokens: u64) -> Self {
        self.cached_input_tokens = Some(TokenCount::new(tokens));
        self
    }

    /// Sets all generated tokens, including reasoning.
    #[must_use]
    pub const fn output(mut self, tokens: u64) -> Self {
        self.output_tokens = Some(TokenCount::new(tokens));
        self
    }

    /// Sets the generated tokens that were reasoning.
    #[must_use]
    pub const fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning_tokens = Some(TokenCount::new(tokens));
        self
    }

    /// Returns whether the counts of both the input and the output are known exactly.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_exact = |count: Option<TokenCount>| count.is_some_and(|it| !it.is_lower_bound());
        is_exact(self.input_tokens) && is_exact(self.output_tokens)
    }

    /// Replaces the counts that `later`, a newer report on the same call, contains. Other counts
    /// are kept.
    pub fn update(&mut self, later: Self) {
        *self = self.zip(later, |known, said| said.or(known));
    }

    fn zip(
        self,
        other: Self,
        join: impl Fn(Option<TokenCount>, Option<TokenCount>) -> Option<TokenCount>,
    ) -> Self {
        Self {
            input_tokens: join(self.input_tokens, other.input_tokens),
            cached_input_tokens: join(self.cached_input_tokens, other.cached_input_tokens),
            output_tokens: join(self.output_tokens, other.output_tokens),
            reasoning_tokens: join(self.reasoning_tokens, other.reasoning_tokens),
        }
    }
}

/// Adds the counts of another call one by one. Where only one side has a count, the sum is that
/// count [or more](TokenCount::or_more).
impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        *self = self.zip(other, |one, two| match (one, two) {
            (Some(one), Some(two)) => Some(one + two),
            (told, None) | (None, told) => told.map(TokenCount::or_more),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenCount, TokenUsage};

    #[test]
    fn later_figures_replace_earlier_ones_field_by_field() {
        let mut told = TokenUsage::new().input(7).output(1);
        told.update(TokenUsage::new().output(3));
        assert_eq!(told, TokenUsage::new().input(7).output(3));
    }

    #[test]
    fn a_sum_with_an_unknown_count_is_that_much_or_more() {
        let whole = TokenUsage::new().input(2).output(1);
        let mut sum = whole;
        sum += whole;
        assert_eq!((sum, sum.is_complete()), (TokenUsage::new().input(4).output(2), true));
        sum += TokenUsage::new().input(1);
        assert_eq!(sum.input_tokens, Some(5.into()));
        assert_eq!(sum.output_tokens, Some(TokenCount::new(2).or_more()));
        assert!(!sum.is_complete());
        sum += whole;
        assert!(!sum.is_complete(), "once too low, always too low");
    }

    #[test]
    fn an_absurd_count_is_incomplete_and_does_not_overflow() {
        let absurd = TokenUsage::new().input(u64::MAX).output(1);
        assert!(!absurd.is_complete());
        let mut sum = absurd;
        sum += absurd;
        assert_eq!(sum.input_tokens, Some(TokenCount::new(u64::MAX)));
        assert_eq!(sum.output_tokens, Some(2.into()));
    }
}
