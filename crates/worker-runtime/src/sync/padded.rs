//! A value with a cache line of its own.

use std::ops::Deref;

/// A value with a cache line of its own, so that threads that change it do not hold up those that read
/// what would lie beside it.
#[derive(Debug, Default, Eq, PartialEq)]
#[repr(align(64))]
pub(crate) struct Padded<T>(pub(crate) T);

impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
