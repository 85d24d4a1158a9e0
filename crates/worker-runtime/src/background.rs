//! Tasks that run beside all requests: the lease, retention, and what a start finds in the store.

pub(crate) mod lease;
pub(crate) mod restore;
pub(crate) mod retention;
