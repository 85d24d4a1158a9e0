//! Calls to a store that turn a panic or a missing answer into an error.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    store::StoreFuture,
    sync::{Executor, Foreign, Offering, contained},
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
                let (answer, offering) = (Some(answer), Offering::default());
                let asked = Asked { answer, offering, executor: executor.clone() };
                match executor.within(until, asked).await {
                    Some(answer) => answer.unwrap_or_else(panicked),
                    None => Err(failed("the store did not answer in time".to_owned())),
                }
            })
        }
    }
}

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An answer of a store that is waited for. The output is `None` if the store panics.
///
/// The store's future is foreign code, and its `Drop` may block. Nobody who waits for the answer, or
/// for the time at which it is given up, waits for that `Drop` too.
struct Asked<T: 'static> {
    /// Absent once the store has answered.
    answer: Option<Answer<T>>,
    offering: Offering,
    executor: Executor,
}

impl<T> Future for Asked<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        let Some(answer) = &mut this.answer else { return Poll::Ready(None) };
        let waker = this.executor.offering(&mut this.offering, context.waker());
        let output = match contained(|| answer.as_mut().poll(&mut Context::from_waker(waker))) {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(output)) => Some(output),
            None => None,
        };
        // A future that is over holds little as a rule, so that a task is enough.
        let over = self.answer.take().map(Foreign::new);
        self.executor.spawn(async move { drop(over) });
        Poll::Ready(output)
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        if let Some(given_up) = self.answer.take() {
            self.executor.discard(given_up);
        }
    }
}
