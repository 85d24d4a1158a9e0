//! Calls to a store that turn a panic or a missing answer into an error.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::{
    store::StoreFuture,
    sync::{Contained, contained},
};

/// Calls a store. A panic, an answer that somebody else has taken, or no answer within the duration
/// `within` by the clock of `handle` becomes the error that `failed` makes of a description.
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
    if answer.is_taken() {
        return StoreFuture::ready(Err(failed("the store's answer was taken before".to_owned())));
    }
    match answer.into_ready() {
        Ok(answer) => StoreFuture::ready(answer),
        Err(answer) => {
            let limited = {
                // The timeout is created in the context of `handle`, because the caller may be
                // outside a tokio runtime.
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
