//! A store's answer that comes in time and without a panic, or is a failure.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::{
    store::StoreFuture,
    sync::{Contained, contained},
};

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
    let Some(answer) = contained(ask) else {
        return StoreFuture::ready(panicked());
    };
    match answer.into_ready() {
        Ok(answer) => StoreFuture::ready(answer),
        Err(answer) => {
            let limited = {
                // Whoever polls the answer need not be in a tokio runtime.
                let _context = handle.enter();
                tokio::time::timeout(within, Contained::new(answer))
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
