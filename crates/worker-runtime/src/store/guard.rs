//! Calls to a store that turn a panic or a missing answer into an error.

use std::time::Duration;

use crate::{
    store::StoreFuture,
    sync::{Contained, Executor, contained},
};

/// Calls a store. A panic, an answer that somebody else has taken, or no answer within the duration
/// `within` by the clock of `executor` becomes the error that `failed` makes of a description.
pub(crate) fn guarded<T, E>(
    executor: &Executor,
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
            let (until, executor) = (executor.after(within), executor.clone());
            StoreFuture::pending(async move {
                match executor.within(until, Contained::new(answer)).await {
                    Some(answer) => answer.unwrap_or_else(panicked),
                    None => Err(failed("the store did not answer in time".to_owned())),
                }
            })
        }
    }
}
