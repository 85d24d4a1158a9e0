//! Waits for the cancellation token of a turn, if the turn has one.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A cancellation token, and the future that waits for it, which the first poll creates.
pub(super) struct Cancellation {
    token: Option<CancellationToken>,
    wait: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl Cancellation {
    pub(super) fn by(token: Option<CancellationToken>) -> Self {
        Self { token, wait: None }
    }

    pub(super) fn is_requested(&self) -> bool {
        self.token.as_ref().is_some_and(CancellationToken::is_cancelled)
    }

    /// Waits until the token is cancelled. Without a token the result is pending for ever.
    pub(super) fn poll_requested(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(token) = &self.token else { return Poll::Pending };
        let wait = self.wait.get_or_insert_with(|| Box::pin(token.clone().cancelled_owned()));
        wait.as_mut().poll(cx)
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancellation").field(&self.token).finish()
    }
}
