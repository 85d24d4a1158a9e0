//! How bytes are counted.

/// A function that does some work and returns the number of bytes that are allocated after it
/// beside those before.
pub type Count = fn(&mut dyn FnMut()) -> f64;
