//! The future that a store's methods return.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// The answer of a store, ready or still to come. A ready answer needs neither a box nor a task.
///
/// ```
/// use worker_runtime::store::{StoreError, StoreFuture};
///
/// async fn count_rows() -> Result<u64, StoreError> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let at_once: StoreFuture<Result<u64, StoreError>> = StoreFuture::ready(Ok(7));
/// let later = StoreFuture::pending(count_rows());
/// let boxed: StoreFuture<_> = Box::pin(count_rows()).into();
/// assert_eq!(at_once.await, later.await);
/// assert_eq!(boxed.await, Ok(7));
/// # }
/// ```
#[must_use = "a store does nothing until its answer is awaited"]
pub struct StoreFuture<T>(State<T>);

enum State<T> {
    /// The answer is ready.
    Ready(T),
    /// The future that yields the answer.
    Pending(Pin<Box<dyn Future<Output = T> + Send + 'static>>),
    /// The ready answer was returned by an earlier poll.
    Taken,
}

impl<T> StoreFuture<T> {
    /// Makes an answer that is ready at the first poll.
    pub const fn ready(answer: T) -> Self {
        Self(State::Ready(answer))
    }

    /// Makes an answer from a future: an `async` block, or the call of an `async fn` that owns its
    /// arguments.
    pub fn pending(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Pending(Box::pin(future)))
    }

    /// Whether the answer was returned by an earlier poll, so that none will come.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self.0, State::Taken)
    }

    /// Returns the answer if it is ready, and otherwise the future that yields it.
    ///
    /// # Panics
    ///
    /// Panics if the answer was returned by an earlier poll.
    pub(crate) fn into_ready(self) -> Result<T, Pin<Box<dyn Future<Output = T> + Send + 'static>>> {
        match self.0 {
            State::Ready(answer) => Ok(answer),
            State::Pending(future) => Err(future),
            State::Taken => panic!("a store's answer was asked for twice"),
        }
    }
}

impl<T, F: Future<Output = T> + Send + 'static> From<Pin<Box<F>>> for StoreFuture<T> {
    fn from(future: Pin<Box<F>>) -> Self {
        Self(State::Pending(future))
    }
}

impl<T> From<Pin<Box<dyn Future<Output = T> + Send + 'static>>> for StoreFuture<T> {
    fn from(future: Pin<Box<dyn Future<Output = T> + Send + 'static>>) -> Self {
        Self(State::Pending(future))
    }
}

impl<T: Unpin> Future for StoreFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let answer = match &mut self.0 {
            State::Ready(_) | State::Taken => std::mem::replace(&mut self.0, State::Taken),
            State::Pending(future) => return future.as_mut().poll(context),
        };
        match answer {
            State::Ready(answer) => Poll::Ready(answer),
            State::Pending(_) | State::Taken => panic!("a store's answer was asked for twice"),
        }
    }
}

impl<T> fmt::Debug for StoreFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            State::Ready(_) => "StoreFuture::ready",
            State::Pending(_) => "StoreFuture::pending",
            State::Taken => "StoreFuture (taken)",
        })
    }
}
