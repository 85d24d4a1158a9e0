//! How a change becomes true: decided, taken by the store, applied in memory, published.

pub(crate) mod apply;
pub(crate) mod change;
pub(crate) mod creation;
pub(crate) mod seal;
pub(crate) mod settle;
