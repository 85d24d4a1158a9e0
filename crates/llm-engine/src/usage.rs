//! What a model call consumed.

use std::ops::AddAssign;

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

impl TokenUsage {
    /// Takes over what `later` says about the same call; what it does not say stays.
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

/// The tokens of both. What only one of them says stands for itself.
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
