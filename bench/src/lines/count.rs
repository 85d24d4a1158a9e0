//! The type of the function that counts bytes.

/// A function that does some work and returns the increase in the number of allocated bytes.
pub type Count = fn(&mut dyn FnMut()) -> f64;
