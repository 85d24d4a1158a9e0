//! Usage: tokens and time that turns consumed.

use llm_engine::{TokenCount, TokenUsage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{MAX_INTEGER, saturating_sum};

/// The tokens and the time that ended turns consumed. The usage of turns adds up to that of their
/// Worker, and the usage of Workers to that of their Runtime.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Usage {
    /// The number of turns that have ended.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub turns: u64,
    /// The number of tokens of the prompts, cached ones included.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub input_tokens: u64,
    /// The number of those input tokens that came from the provider's cache.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub cached_input_tokens: u64,
    /// The number of generated tokens, reasoning included.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub output_tokens: u64,
    /// The number of those output tokens that were reasoning.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub reasoning_tokens: u64,
    /// The time that the turns took, in milliseconds.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub duration_ms: u64,
    /// Whether the figures are too low, because a provider did not report the tokens of a call,
    /// reported figures that cannot be right, or a sum reached the largest integer, 2^53 - 1. If
    /// absent, it is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
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

    /// Returns the usage of one ended turn. If the counts cannot be right, because a part is greater
    /// than its whole, the parts are lowered, and the usage is marked as incomplete. A part of an
    /// unknown whole is the whole, at least.
    pub(crate) fn of_turn(tokens: TokenUsage, duration_ms: u64) -> Self {
        let input = Figures::of(tokens.input_tokens, tokens.cached_input_tokens);
        let output = Figures::of(tokens.output_tokens, tokens.reasoning_tokens);
        let mut usage = Self {
            incomplete: !tokens.is_complete() || input.are_wrong || output.are_wrong,
            ..Self::NONE
        };
        usage.add(&Self {
            turns: 1,
            input_tokens: input.whole,
            cached_input_tokens: input.part,
            output_tokens: output.whole,
            reasoning_tokens: output.part,
            duration_ms,
            incomplete: false,
        });
        usage
    }

    /// Returns whether every figure is zero, as in an entry that no turn wrote.
    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::NONE
    }

    /// Raises each figure to that of `least`, if it is less. Returns whether one was, in which case
    /// the usage is marked as incomplete, because more may be missing.
    pub(crate) fn raise_to(&mut self, least: &Self) -> bool {
        let before = *self;
        for (figure, least) in [
            (&mut self.turns, least.turns),
            (&mut self.input_tokens, least.input_tokens),
            (&mut self.cached_input_tokens, least.cached_input_tokens),
            (&mut self.output_tokens, least.output_tokens),
            (&mut self.reasoning_tokens, least.reasoning_tokens),
            (&mut self.duration_ms, least.duration_ms),
        ] {
            *figure = least.max(*figure);
        }
        let was_less = *self != before;
        self.incomplete |= was_less || least.incomplete;
        was_less
    }

    /// Adds another usage. Sums saturate at 2<sup>53</sup> − 1, the largest integer on the wire,
    /// and the usage is then marked as incomplete.
    pub fn add(&mut self, other: &Self) {
        self.incomplete |= other.incomplete;
        for (sum, figure) in [
            (&mut self.turns, other.turns),
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.cached_input_tokens, other.cached_input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
            (&mut self.duration_ms, other.duration_ms),
        ] {
            self.incomplete |= sum.saturating_add(figure) > MAX_INTEGER;
            *sum = saturating_sum(*sum, figure);
        }
    }
}

/// A number of tokens, and how many of them are of a special kind.
struct Figures {
    whole: u64,
    part: u64,
    are_wrong: bool,
}

impl Figures {
    fn of(whole: Option<TokenCount>, part: Option<TokenCount>) -> Self {
        let part = part.map_or(0, TokenCount::get);
        let whole = whole.map_or(part, TokenCount::get);
        Self { whole, part: part.min(whole), are_wrong: part > whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_at_the_largest_integer_on_the_wire() {
        for tokens in [MAX_INTEGER, MAX_INTEGER + 1, u64::MAX] {
            let reported = TokenUsage::new().input(tokens).output(1);
            let turn = Usage::of_turn(reported, u64::MAX);
            assert_eq!([turn.input_tokens, turn.duration_ms], [MAX_INTEGER; 2]);
            assert!(turn.incomplete);
            let mut sum = turn;
            sum.add(&turn);
            assert_eq!([sum.input_tokens, sum.duration_ms], [MAX_INTEGER; 2]);
            assert_eq!([sum.turns, sum.output_tokens], [2; 2]);
        }
        let mut foreign = Usage { turns: u64::MAX, ..Usage::NONE };
        foreign.add(&Usage::NONE);
        assert_eq!((foreign.turns, foreign.incomplete), (MAX_INTEGER, true));
    }

    #[test]
    fn no_part_is_greater_than_its_whole() {
        let tokens = TokenUsage::new;
        for (told, figures, incomplete) in [
            (tokens().input(7).cached_input(3).output(5).reasoning(2), [7, 3, 5, 2], false),
            (tokens().input(7).cached_input(7).output(5).reasoning(5), [7, 7, 5, 5], false),
            (tokens().input(7).cached_input(8).output(5), [7, 7, 5, 0], true),
            (tokens().input(7).output(5).reasoning(u64::MAX), [7, 0, 5, 5], true),
            (tokens().cached_input(3).output(5), [3, 3, 5, 0], true),
            (tokens().input(7).reasoning(2), [7, 0, 2, 2], true),
            (tokens(), [0; 4], true),
        ] {
            let usage = Usage::of_turn(told, 0);
            let Usage { input_tokens, cached_input_tokens, output_tokens, .. } = usage;
            let shown = [input_tokens, cached_input_tokens, output_tokens, usage.reasoning_tokens];
            assert_eq!((shown, usage.incomplete), (figures, incomplete), "{told:?}");
        }
    }

    #[test]
    fn a_sum_within_the_range_is_complete() {
        let half = Usage { input_tokens: MAX_INTEGER / 2, ..Usage::NONE };
        let mut sum = half;
        sum.add(&half);
        assert_eq!((sum.input_tokens, sum.incomplete), (MAX_INTEGER - 1, false));
    }
}
