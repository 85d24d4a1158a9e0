//! The [`Runtime`], which handles requests and opens live streams.

mod builder;
mod host_provider;
mod wait;

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use crate::{
    background::lease,
    error::RuntimeError,
    identity::RuntimeId,
    model::{Limits, RuntimeState, Subscribe},
    request::Request,
    state::core::Core,
    stream::Subscription,
    sync::contained,
};
pub use builder::{BuildError, RuntimeBuilder};
pub use wait::WaitError;

/// The environment in which Workers run.
///
/// Cloning a `Runtime` is cheap, and all clones refer to the same Runtime. When the last clone is
/// dropped, running turns are dropped, streams end and the store is released; [`StopRuntime`] is
/// the way to end in order. If a stop has begun by then, it is carried through: the Runtime keeps
/// itself until it has stopped. The last clone may be dropped anywhere, even outside a tokio
/// runtime.
///
/// A Runtime works on the tokio runtime on which it was built, and may be used from anywhere, also
/// from threads without a tokio runtime. If that tokio runtime is gone, the Runtime has stopped:
/// streams end, commands are refused with [`RuntimeError::RuntimeStopped`], and queries that need
/// no store are answered. Turns that ran are lost; the next Runtime on the store says so.
///
/// Code of the Backend's that panics or blocks (a store, a provider, a clock, a waker) costs the
/// request or the turn that needed it, and no other.
///
/// [`StopRuntime`]: crate::commands::StopRuntime
#[derive(Clone, Debug)]
pub struct Runtime {
    owner: Arc<Ownership>,
}

/// Ends the Runtime when the last handle is dropped.
#[derive(Debug)]
struct Ownership {
    core: Arc<Core>,
}

impl Runtime {
    /// Returns a builder whose settings are the defaults.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { owner: Arc::new(Ownership { core }) }
    }

    /// Returns the Runtime's id, which is half of every [`WorkerRef`](crate::WorkerRef).
    #[must_use]
    pub fn runtime_id(&self) -> RuntimeId {
        self.owner.core.identity.runtime_id
    }

    /// Returns the limits of the Runtime.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.owner.core.limits
    }

    /// Handles one request and returns its reply.
    ///
    /// A payload such as [`CreateWorker`](crate::commands::CreateWorker) returns its own reply
    /// type; a whole [`RuntimeCommand`](crate::RuntimeCommand) or
    /// [`RuntimeQuery`](crate::RuntimeQuery), as a transport receives it, returns the matching enum
    /// of replies.
    ///
    /// If the future is dropped before it is ready, the request is carried out completely or not at
    /// all.
    ///
    /// # Errors
    ///
    /// Returns a [`RuntimeError`], which says what was wrong and what to do. A refused command
    /// changes nothing.
    pub async fn handle<R, Kind>(&self, request: R) -> Result<R::Reply, RuntimeError>
    where
        R: Request<Kind>,
    {
        let core = &self.owner.core;
        let span = tracing::debug_span!(
            "handle",
            runtime_id = %core.identity.runtime_id,
            request = request.name(),
        );
        let mut handling = pin!(request.handle(core));
        poll_fn(|context| {
            let poll = || span.in_scope(|| handling.as_mut().poll(context));
            contained(poll).unwrap_or_else(|| Poll::Ready(Err(core.panicked())))
        })
        .await
    }

    /// Subscribes to a live stream of events and text.
    ///
    /// # Errors
    ///
    /// Returns an error if the scope or the starting position does not exist, if the filter exceeds
    /// the limits, or if there is no room for more subscriptions.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, RuntimeError> {
        Subscription::new(&self.owner.core, subscribe).await
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // A Runtime that stops keeps itself until it has ended.
        let ends_itself = self.core.state() != RuntimeState::Running;
        if !ends_itself {
            self.core.abandon();
            lease::release_soon(&self.core);
        }
    }
}
