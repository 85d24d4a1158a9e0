//! The token counts of a call as its provider tells them.

use std::ops::Add;

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
    /// The sum of all tokens, if the provider tells one.
    pub(super) total: Option<TokenCount>,
}

impl Counts {
    /// Replaces the counts that `later`, a newer report on the same call, contains.
    pub(in crate::providers) fn update(&mut self, later: Self) {
        *self = Self {
            input: newer(self.input, later.input),
            cached: newer(self.cached, later.cached),
            cache_written: newer(self.cache_written, later.cache_written),
            output: newer(self.output, later.output),
            reasoning: newer(self.reasoning, later.reasoning),
            total: newer(self.total, later.total),
        };
    }

    /// Returns the counts of a provider whose input includes what was cached and whose output
    /// includes the reasoning, as far as the numbers do not show that they do not.
    pub(super) fn usage(&self) -> TokenUsage {
        let plus = |one: Option<TokenCount>, other: Option<TokenCount>| {
            [one, other].into_iter().flatten().reduce(TokenCount::add)
        };
        let exceeds = |part: Option<TokenCount>, whole: Option<TokenCount>| {
            part.zip(whole).is_some_and(|(part, whole)| part.get() > whole.get())
        };
        let sum = plus(plus(self.input, self.output), self.reasoning);
        let is_beside = exceeds(self.reasoning, self.output)
            || (exceeds(self.reasoning, Some(0.into()))
                && self.total.is_some()
                && sum == self.total);
        TokenUsage {
            input_tokens: if exceeds(self.cached, self.input) {
                plus(self.input, self.cached)
            } else {
                self.input
            },
            cached_input_tokens: self.cached,
            output_tokens: if is_beside { plus(self.output, self.reasoning) } else { self.output },
            reasoning_tokens: self.reasoning,
        }
    }
}

/// What `OpenAI`'s protocols tell of the parts of a count.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(deserialize_with = "count")]
    pub(super) cached_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    pub(super) reasoning_tokens: Option<TokenCount>,
}

/// Returns the count that holds after a newer report. A zero does not replace what was counted
/// before: some servers fill the fields that they do not know with zeros at the end.
fn newer(before: Option<TokenCount>, later: Option<TokenCount>) -> Option<TokenCount> {
    later.filter(|later| later.get() > 0 || before.is_none()).or(before)
}

/// Returns the greatest of several counts, for one that has a name for each kind of server.
pub(super) fn greatest<const N: usize>(counts: [Option<TokenCount>; N]) -> Option<TokenCount> {
    counts.into_iter().flatten().max_by_key(|count| count.get())
}

/// Reads a value of which the answer does not depend. One of another type, as servers write it that
/// differ from their protocol, is read as the default.
pub(super) fn loose<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + DeserializeOwned,
    D: Deserializer<'de>,
{
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).unwrap_or_default())
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

    fn counts_of(input: u64, output: u64, reasoning: u64) -> Counts {
        Counts {
            input: Some(input.into()),
            output: Some(output.into()),
            reasoning: Some(reasoning.into()),
            ..Counts::default()
        }
    }

    #[test]
    fn a_later_zero_does_not_erase() {
        let mut counts = counts_of(7, 0, 3);
        counts.update(counts_of(0, 5, 0));
        assert_eq!(counts, counts_of(7, 5, 3));
        counts.update(Counts::default());
        assert_eq!(counts, counts_of(7, 5, 3));
    }

    #[test]
    fn reasoning_that_is_counted_beside_the_output_is_added() {
        let output = |counts: Counts| counts.usage().output_tokens.map(TokenCount::get);
        assert_eq!(output(counts_of(10, 5, 3)), Some(5));
        assert_eq!(output(counts_of(10, 5, 8)), Some(13));
        let total = |total: u64| Counts { total: Some(total.into()), ..counts_of(10, 5, 3) };
        assert_eq!(output(total(15)), Some(5));
        assert_eq!(output(total(18)), Some(8));
    }

    #[test]
    fn input_without_its_cached_part_is_completed() {
        let counts = Counts { cached: Some(80.into()), ..counts_of(20, 5, 0) };
        assert_eq!(counts.usage().input_tokens, Some(100.into()));
    }

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
