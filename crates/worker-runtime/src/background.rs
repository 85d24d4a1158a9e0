//! Work that no request asks for: the lease, retention, and restoring Workers from the store.

pub(crate) mod lease;
mod open_turns;
pub(crate) mod restore;
pub(crate) mod retention;
