//! The Runtime: one entry for everything that is asked of it, and one live stream.

mod builder;
mod wait;

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use crate::{
    background::lease,
    error::RuntimeError,
    identity::{DiagnosticId, RuntimeId},
    model::{Limits, Severity, Subscribe},
    request::Request,
    state::core::Core,
    stream::Subscription,
    sync::contained,
};
pub use builder::{BuildError, RuntimeBuilder};
pub use wait::WaitError;

/// The environment in which Workers run.
///
/// Cloning it is cheap, and all clones are the same Runtime. When the last one is dropped, running
/// turns are dropped with it, streams end and the store is given back; [`StopRuntime`] is the way
/// to end in order. It may be dropped anywhere, also outside a tokio runtime.
///
/// [`StopRuntime`]: crate::commands::StopRuntime
#[derive(Clone, Debug)]
pub struct Runtime {
    owner: Arc<Ownership>,
}

/// Ends the Runtime when the last handle goes.
#[derive(Debug)]
struct Ownership {
    core: Arc<Core>,
}

impl Runtime {
    /// Begins to build a Runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { owner: Arc::new(Ownership { core }) }
    }

    /// The Runtime's id, which is half of every [`WorkerRef`](crate::WorkerRef).
    #[must_use]
    pub fn runtime_id(&self) -> RuntimeId {
        self.owner.core.owner.runtime_id
    }

    /// What the Runtime bounds.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.owner.core.limits
    }

    /// Handles one request and gives its reply.
    ///
    /// A payload such as [`CreateWorker`](crate::commands::CreateWorker) gives its own reply; a whole
    /// [`RuntimeCommand`](crate::RuntimeCommand) or [`RuntimeQuery`](crate::RuntimeQuery), as a
    /// transport receives it, gives the matching enum of replies.
    ///
    /// A future that is dropped has done everything or nothing.
    ///
    /// # Errors
    ///
    /// A [`RuntimeError`] says what was wrong and what to do. A refused command has left no trace.
    pub async fn handle<R, Kind>(&self, request: R) -> Result<R::Reply, RuntimeError>
    where
        R: Request<Kind>,
    {
        let core = &self.owner.core;
        let span = tracing::debug_span!(
            "handle",
            runtime_id = %core.owner.runtime_id,
            request = request.name(),
        );
        let mut handling = pin!(request.handle(core));
        poll_fn(|context| {
            let poll = || span.in_scope(|| handling.as_mut().poll(context));
            contained(poll).unwrap_or_else(|| Poll::Ready(Err(self.panicked())))
        })
        .await
    }

    /// The error for a request whose handling panicked, in code of the Backend's or by a defect of ours.
    fn panicked(&self) -> RuntimeError {
        let message = "handling a request panicked; the host's panic hook has said more";
        // What panicked may be the clock or the ids, which the diagnostic needs as well.
        let core = &self.owner.core;
        let noted = contained(|| core.note(Severity::Error, message, None, None));
        let diagnostic_id = noted.map_or(DiagnosticId::NIL, |noted| noted.diagnostic_id);
        RuntimeError::Internal { diagnostic_id }
    }

    /// Begins a live stream of what happens.
    ///
    /// # Errors
    ///
    /// A scope or a position that is not there, or no room for more subscriptions.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, RuntimeError> {
        Subscription::new(&self.owner.core, subscribe).await
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        if !self.core.is_closed() {
            self.core.abandon();
            lease::release_soon(&self.core);
        }
    }
}
