//! What turns consumed.

use llm_engine::TokenUsage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Usual;

/// What ended turns consumed. Usages add up: the turns' to the Worker's, the Workers' to the
/// Runtime's.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Usage {
    /// Turns that have ended.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turns: u64,
    /// Tokens of the prompts, cached ones included.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub input_tokens: u64,
    /// The part of the input that came from a provider's cache.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub cached_input_tokens: u64,
    /// Tokens generated, reasoning included.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub output_tokens: u64,
    /// The part of the output that was reasoning.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub reasoning_tokens: u64,
    /// Time that the turns took, in milliseconds.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub duration_ms: u64,
    /// Present and true where a provider did not report its tokens: the figures are too low.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

impl Usual for Usage {
    fn usual() -> &'static Self {
        &Self::NONE
    }
}

impl Usage {
    const NONE: Self = Self {
        turns: 0,
        input_tokens: 0,
        cached_input_tokens: 0,
        output_tokens: 0,
        reasoning_tokens: 0,
        duration_ms: 0,
        incomplete: false,
    };

    /// The usage of one ended turn. The figures come from a provider: one that no reply can show counts
    /// as the largest that it can, and the usage as incomplete.
    pub(crate) fn of_turn(tokens: TokenUsage, duration_ms: u64) -> Self {
        let TokenUsage {
            input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, ..
        } = tokens;
        let mut usage = Self { incomplete: !tokens.is_complete(), ..Self::NONE };
        usage.add(&Self {
            turns: 1,
            input_tokens: input_tokens.unwrap_or(0),
            cached_input_tokens: cached_input_tokens.unwrap_or(0),
            output_tokens: output_tokens.unwrap_or(0),
            reasoning_tokens: reasoning_tokens.unwrap_or(0),
            duration_ms,
            incomplete: false,
        });
        usage
    }

    /// Adds what another consumed. A sum that no reply can show stays at the largest that it can, and the
    /// usage is incomplete.
    pub fn add(&mut self, other: &Self) {
        let mut incomplete = self.incomplete | other.incomplete;
        let mut add = |sum: &mut u64, more: u64| {
            let exact = sum.saturating_add(more);
            incomplete |= exact > MAX_INTEGER;
            *sum = exact.min(MAX_INTEGER);
        };
        add(&mut self.turns, other.turns);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.cached_input_tokens, other.cached_input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.reasoning_tokens, other.reasoning_tokens);
        add(&mut self.duration_ms, other.duration_ms);
        self.incomplete = incomplete;
    }
}

/// The largest integer that every reader of JSON can read exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_is_too_large_stays_at_the_largest_and_says_so() {
        let tokens = TokenUsage { input_tokens: Some(u64::MAX), ..TokenUsage::default() };
        let huge = Usage::of_turn(tokens, 7);
        assert_eq!((huge.turns, huge.input_tokens, huge.duration_ms), (1, MAX_INTEGER, 7));
        assert!(huge.incomplete);
        let mut sum = huge;
        sum.add(&huge);
        assert_eq!((sum.turns, sum.input_tokens, sum.duration_ms), (2, MAX_INTEGER, 14));
        assert!(sum.incomplete);
    }
}
