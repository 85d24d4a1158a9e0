//! Turns the panics of a provider's code into errors.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{EngineError, ErrorKind};

/// Runs `code` of a provider. A panic is contained and becomes an error that names the step
/// `doing`, in which it happened.
///
/// The payload of the panic is dropped unread, because it may quote a prompt or a key. The caller
/// drops everything that `code` touches after a panic, so unwind safety can be asserted.
pub(crate) fn guarded<T>(doing: &str, code: impl FnOnce() -> T) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        // A payload is the provider's code as well, and its drop may panic in turn.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(second);
        }
        tracing::error!(doing, "a provider panicked");
        EngineError::new(
            ErrorKind::Panicked,
            format!("the provider panicked while {doing}: this is a fault in its code"),
        )
    })
}
