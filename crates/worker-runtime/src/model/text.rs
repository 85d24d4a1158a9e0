//! Bounds and conventions that all types of the wire contract share.

/// The largest integer on the wire, 2^53 - 1: a double holds it and all smaller ones exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// The sum of two figures; [`MAX_INTEGER`] if the sum is greater.
pub(crate) fn saturating_sum(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MAX_INTEGER)
}
