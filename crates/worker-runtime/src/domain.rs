//! The rules of the Runtime as pure code: values in, values out, without I/O, clocks or locks.

pub(crate) mod allocation;
pub(crate) mod context;
pub(crate) mod creation_key;
pub(crate) mod draft;
pub(crate) mod idempotency;
pub(crate) mod page_token;
pub(crate) mod profiles;
pub(crate) mod snapshot;
pub(crate) mod validate;
