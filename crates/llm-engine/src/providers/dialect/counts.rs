//! The token counts of a call as its provider tells them.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{TokenCount, TokenUsage};

/// The counts of a provider, in its own terms. Only all reports of a call together can be converted
/// into a [`TokenUsage`], because a report may leave out what an earlier one told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::providers) struct Counts {
    pub(super) input: Option<TokenCount>,
    /// The tokens that were read from the provider's cache.
    pub(super) cached: Option<TokenCount>,
    /// The tokens that were written to the provider's cache, if the provider tells them apart.
    pub(super) cache_written: Option<TokenCount>,
    pub(super) output: Option<TokenCount>,
    pub(super) reasoning: Option<TokenCount>,
}

impl Counts {
    /// Replaces the counts that `later`, a newer report on the same call, contains.
    pub(in crate::providers) fn update(&mut self, later: Self) {
        *self = Self {
            input: later.input.or(self.input),
            cached: later.cached.or(self.cached),
            cache_written: later.cache_written.or(self.cache_written),
            output: later.output.or(self.output),
            reasoning: later.reasoning.or(self.reasoning),
        };
    }

    /// Returns the counts of a provider whose input includes what was cached and whose output
    /// includes the reasoning.
    pub(super) fn usage(&self) -> TokenUsage {
        TokenUsage {
            input_tokens: self.input,
            cached_input_tokens: self.cached,
            output_tokens: self.output,
            reasoning_tokens: self.reasoning,
        }
    }
}

/// Reads what a part tells of tokens. A part that tells nothing, or that cannot be understood, has
/// no counts: the content decides what becomes of the answer.
pub(super) fn told<T: Default + DeserializeOwned>(part: &str) -> T {
    serde_json::from_str(part).unwrap_or_default()
}

/// Reads an object with counts. Any other value in its place is read as no counts.
pub(super) fn counts<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + DeserializeOwned,
    D: Deserializer<'de>,
{
    Ok(told(<&RawValue>::deserialize(deserializer)?.get()))
}

/// Reads a count of tokens, which may be written as `12.0`. Any other value in its place is read as
/// no count.
pub(super) fn count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<TokenCount>, D::Error> {
    Ok(number(<&RawValue>::deserialize(deserializer)?.get()))
}

fn number(json: &str) -> Option<TokenCount> {
    if let Ok(whole) = json.parse() {
        return Some(TokenCount::new(whole));
    }
    let number: f64 = json.parse().ok()?;
    let is_count = number >= 0.0 && (number.is_infinite() || number.fract() == 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 up; what is too large becomes the largest integer"
    )]
    is_count.then_some(TokenCount::new(number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_from_zero_up() {
        let most = TokenCount::new(u64::MAX);
        for (json, expected) in [
            ("0", Some(0.into())),
            ("12", Some(12.into())),
            ("12.0", Some(12.into())),
            ("1.2e1", Some(12.into())),
            ("18446744073709551615", Some(most)),
            ("18446744073709551616", Some(most)),
            ("1e400", Some(most)),
            ("12.5", None),
            ("-1", None),
            ("-1.0", None),
            ("null", None),
            ("true", None),
            (r#""12""#, None),
            (r#""inf""#, None),
            ("[12]", None),
            ("{}", None),
        ] {
            let read = count(&mut serde_json::Deserializer::from_str(json));
            assert_eq!(read.unwrap(), expected, "{json}");
        }
    }
}
