//! Conversions of numbers from and to JSON, and the size of a value as JSON.

use std::{io, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::MAX_INTEGER;

/// Reads a whole number from 0 to 2^53 - 1, which may be written as `5.0`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Integer;

    impl de::Visitor<'_> for Integer {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number from 0 to 2^53 - 1")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
            if value <= MAX_INTEGER {
                Ok(value)
            } else {
                Err(E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
            u64::try_from(value)
                .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
                .and_then(|value| self.visit_u64(value))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "checked to be a whole number that a double holds exactly"
            )]
            if value.fract() == 0.0 && value >= 0.0 && value <= MAX_INTEGER as f64 {
                Ok(value as u64)
            } else {
                Err(E::invalid_value(de::Unexpected::Float(value), &self))
            }
        }
    }

    deserializer.deserialize_any(Integer)
}

/// Reads the same numbers as [`integer`] in a field that may be absent or `null`.
pub(crate) fn optional_integer<'de, D>(deserializer: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "integer")] u64);

    Option::<Whole>::deserialize(deserializer).map(|whole| whole.map(|Whole(value)| value))
}

/// Converts a duration to whole milliseconds, at most the largest integer on the wire.
#[expect(clippy::disallowed_methods, reason = "this is the place that bounds it")]
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(MAX_INTEGER)
}

/// Returns the length of a value as JSON, in bytes.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    struct Counter(usize);

    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    // The writer cannot fail, and every type of the wire contract serializes as JSON.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}
