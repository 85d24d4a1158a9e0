//! One model call. Panics of the provider are contained, and an early end of its stream is an
//! error.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::guard::guarded;
use crate::{EngineError, ErrorKind, ModelRequest, Provider, ProviderEvent, ProviderStream};

/// A running call. Dropping it cancels it.
pub(super) struct Call {
    /// The provider's stream. `None` once the call is closed.
    stream: Option<ProviderStream>,
    /// Whether any event other than `Connected` came. A heartbeat is enough.
    answered: bool,
}

impl Call {
    pub(super) fn begin(
        provider: &dyn Provider,
        request: Arc<ModelRequest>,
    ) -> Result<Self, EngineError> {
        let stream = guarded("beginning a call", || provider.stream(request))?;
        Ok(Self { stream: Some(stream), answered: false })
    }

    /// Polls for the next event. After an error the caller closes the call.
    pub(super) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ProviderEvent, EngineError>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(self.early_end()));
        };
        match guarded("streaming", || stream.as_mut().poll_next(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Some(Ok(event)))) => {
                self.answered |= !matches!(event, ProviderEvent::Connected);
                Poll::Ready(Ok(event))
            }
            Ok(Poll::Ready(Some(Err(error)))) | Err(error) => Poll::Ready(Err(error)),
            Ok(Poll::Ready(None)) => Poll::Ready(Err(self.early_end())),
        }
    }

    /// Drops the provider's stream, which cancels a call that was not over. Fails if that drop
    /// panics.
    pub(super) fn close(&mut self) -> Result<(), EngineError> {
        let stream = self.stream.take();
        guarded("ending a call", || drop(stream))
    }

    fn early_end(&self) -> EngineError {
        if self.answered {
            EngineError::new(
                ErrorKind::Interrupted,
                "the provider's answer broke off before its end; try again",
            )
        } else {
            EngineError::new(
                ErrorKind::Protocol,
                "the provider accepted the call and answered nothing; check its address",
            )
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // A provider that panics in its drop must not unwind into the code that drops the turn.
        drop(self.close());
    }
}
