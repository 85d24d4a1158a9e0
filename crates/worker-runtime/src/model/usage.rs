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

    /// The usage of one ended turn.
    pub(crate) fn of_turn(tokens: TokenUsage, duration_ms: u64) -> Self {
        Self {
            turns: 1,
            input_tokens: tokens.input_tokens.unwrap_or(0),
            cached_input_tokens: tokens.cached_input_tokens.unwrap_or(0),
            output_tokens: tokens.output_tokens.unwrap_or(0),
            reasoning_tokens: tokens.reasoning_tokens.unwrap_or(0),
            duration_ms,
            incomplete: !tokens.is_complete(),
        }
    }

    /// Adds what another consumed.
    pub fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.output_tokens += other.output_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.duration_ms += other.duration_ms;
        self.incomplete |= other.incomplete;
    }
}
