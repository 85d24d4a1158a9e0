//! The largest integer of the wire contract, and sums that stay within it.

/// The largest integer on the wire, 2^53 - 1: a double holds it and all smaller ones exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Returns the sum of two figures, or [`MAX_INTEGER`] if the sum is greater.
pub(crate) fn saturating_sum(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MAX_INTEGER)
}
