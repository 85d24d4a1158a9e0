//! Keeps the panics of a provider's code from unwinding further.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{EngineError, ErrorKind};

/// Runs `code` of a provider; a panic becomes an error that says where it happened.
///
/// What the panic carried is dropped unread: it may quote a prompt or a key. Whatever `code`
/// touches must be given up after a panic, which is why unwind safety can be asserted.
#[inline]
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
