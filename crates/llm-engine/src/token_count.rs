//! A number of tokens, which cannot be larger than what every reader of JSON can hold.

use std::{fmt, ops::Add};

/// A number of tokens, from 0 to 2<sup>53</sup> − 1, which a double holds exactly.
///
/// A greater number becomes the greatest one, and the count then [is a lower
/// bound](Self::is_lower_bound): the real number is at least that. So is the sum of a known and an
/// unknown count.
///
/// ```
/// use llm_engine::TokenCount;
///
/// assert_eq!(TokenCount::from(40).get(), 40);
/// let cast_minus_one = TokenCount::from(u64::MAX);
/// assert_eq!(cast_minus_one.get(), TokenCount::MAX);
/// assert!(cast_minus_one.is_lower_bound());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct TokenCount {
    tokens: u64,
    is_lower_bound: bool,
}

impl TokenCount {
    /// The greatest number of tokens, 2<sup>53</sup> − 1.
    pub const MAX: u64 = (1 << 53) - 1;

    /// Creates a count. A number past [`MAX`](Self::MAX) becomes `MAX`, as a lower bound.
    #[must_use]
    pub const fn new(tokens: u64) -> Self {
        if tokens > Self::MAX {
            Self { tokens: Self::MAX, is_lower_bound: true }
        } else {
            Self { tokens, is_lower_bound: false }
        }
    }

    /// Returns the number of tokens.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.tokens
    }

    /// Returns whether the real number may be greater.
    #[must_use]
    pub const fn is_lower_bound(self) -> bool {
        self.is_lower_bound
    }

    /// Returns the count as a lower bound of the real number.
    #[must_use]
    pub const fn or_more(self) -> Self {
        Self { is_lower_bound: true, ..self }
    }
}

impl From<u64> for TokenCount {
    fn from(tokens: u64) -> Self {
        Self::new(tokens)
    }
}

/// Adds two counts. The sum is a lower bound if one of them is, or if it is past the greatest
/// count.
impl Add for TokenCount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = Self::new(self.tokens.saturating_add(other.tokens));
        let is_lower_bound = sum.is_lower_bound || self.is_lower_bound || other.is_lower_bound;
        Self { is_lower_bound, ..sum }
    }
}

impl fmt::Display for TokenCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::TokenCount;

    #[test]
    fn counts_and_sums_stay_in_the_range_and_say_when_they_left_it() {
        let (most, one) = (TokenCount::new(TokenCount::MAX), TokenCount::new(1));
        assert!(!most.is_lower_bound());
        for too_much in [TokenCount::MAX + 1, u64::MAX] {
            assert_eq!(TokenCount::new(too_much), most.or_more());
        }
        assert_eq!(most + one, most.or_more());
        assert_eq!(one + one, TokenCount::new(2));
        assert_eq!(one + one.or_more(), TokenCount::new(2).or_more());
    }
}
