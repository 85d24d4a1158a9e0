//! A store's answer that comes in time and without a panic, or is a failure.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tokio::runtime::Handle;

use crate::store::{StoreFuture, contained};

/// Asks a store. A panic, and no answer `within` that time by the clock of `handle`, is `failed`.
pub(crate) fn guarded<T, E>(
    handle: &Handle,
    within: Duration,
    failed: fn(String) -> E,
    ask: impl FnOnce() -> StoreFuture<Result<T, E>>,
) -> StoreFuture<Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let panicked = move || Err(failed("the store panicked".to_owned()));
    let Ok(answer) = catch_unwind(AssertUnwindSafe(ask)) else {
        return StoreFuture::ready(panicked());
    };
    match answer {
        ready @ StoreFuture::Ready(_) => ready,
        StoreFuture::Pending(answer) => {
            let limited = {
                // Whoever polls the answer need not be in a tokio runtime.
                let _context = handle.enter();
                tokio::time::timeout(within, contained(answer))
            };
            StoreFuture::pending(async move {
                match limited.await {
                    Ok(answer) => answer.unwrap_or_else(panicked),
                    Err(_) => Err(failed("the store did not answer in time".to_owned())),
                }
            })
        }
    }
}
