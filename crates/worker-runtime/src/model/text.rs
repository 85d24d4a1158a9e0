//! Bounds and conventions that all types of the wire contract share.

use serde::{Deserialize, Deserializer};

/// The largest integer on the wire, 2^53 - 1: a double holds it and all smaller ones exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// The sum of two figures; [`MAX_INTEGER`] if the sum is greater.
pub(crate) fn saturating_sum(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MAX_INTEGER)
}

/// A field that may be absent (leave it), `null` (remove it) or a value (set it).
pub type Nullable<T> = Option<Option<T>>;

/// Reads a field that is present, even as `null`, as `Some`.
pub(crate) fn present_as_some<'de, T, D>(deserializer: D) -> Result<Nullable<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
