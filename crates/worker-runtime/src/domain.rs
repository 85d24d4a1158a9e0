//! The rules of the Runtime as pure code: values in, values out, no I/O, no clock, no lock.

pub(crate) mod allocation;
pub(crate) mod context;
pub(crate) mod draft;
pub(crate) mod idempotency;
pub(crate) mod page_token;
pub(crate) mod profiles;
pub(crate) mod snapshot;
mod validate;
