//! The commit of a change: decided, sent to the store, applied in memory and published.

mod apply;
pub(crate) mod change;
mod effects;
mod erase;
pub(crate) mod outcome;
pub(crate) mod pending;
mod release;
pub(crate) mod seal;
