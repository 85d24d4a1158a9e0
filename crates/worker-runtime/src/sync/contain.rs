//! Contains the panics of foreign code.
//!
//! Stores, clocks, id sources, wakers and engines are written by others. A panic in such code
//! becomes a value, even a panic in the `Drop` of a future or of the payload of another panic.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// Calls foreign code. Returns `None` if the code panics.
///
/// This is unwind safe: no foreign code that may panic runs in the middle of a change under a lock,
/// and guards give back what they hold when they are dropped.
pub(crate) fn contained<T>(call: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(value) => Some(value),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

/// Drops the payload of a panic. If the `Drop` of the payload panics, the payload of that second
/// panic is leaked, because its `Drop` could panic again without end.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

/// A foreign future whose output is `None` if polling the future panics.
///
/// The future is dropped as soon as it is ready or has panicked, and a panic of its `Drop` is
/// contained too.
#[derive(Debug)]
pub(crate) struct Contained<F: Future + Unpin>(Option<F>);

impl<F: Future + Unpin> Contained<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Some(future))
    }

    fn discard(&mut self) {
        let future = self.0.take();
        // A panic of the `Drop` changes nothing: the future is over either way.
        let _ = contained(|| drop(future));
    }
}

impl<F: Future + Unpin> Future for Contained<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.get_mut();
        let Some(future) = &mut this.0 else { return Poll::Ready(None) };
        let output = match contained(|| Pin::new(future).poll(context)) {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(output)) => Some(output),
            None => None,
        };
        this.discard();
        Poll::Ready(output)
    }
}

impl<F: Future + Unpin> Drop for Contained<F> {
    fn drop(&mut self) {
        self.discard();
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::panic_any, task::Waker};

    use super::*;

    /// A value whose `Drop` panics, with another `Grenade` as the payload.
    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }

    #[test]
    fn a_panic_whose_payload_panics_is_a_value() {
        assert_eq!(contained(|| panic_any(Grenade)), None::<()>);
        assert_eq!(contained(|| 7), Some(7));
    }

    #[test]
    fn a_future_that_panics_when_it_is_dropped_still_gives_its_output() {
        let grenade = Grenade;
        let mut future = Contained::new(Box::pin(std::future::poll_fn(move |_| {
            let _held = &grenade;
            Poll::Ready(7)
        })));
        let context = &mut Context::from_waker(Waker::noop());
        assert_eq!(Pin::new(&mut future).poll(context), Poll::Ready(Some(7)));
    }
}
