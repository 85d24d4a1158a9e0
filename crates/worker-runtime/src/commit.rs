//! How a change becomes true: decided, taken by the store, applied in memory, published.

mod apply;
pub(crate) mod change;
mod effects;
pub(crate) mod outcome;
pub(crate) mod pending;
pub(crate) mod seal;
