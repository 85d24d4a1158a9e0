//! The [`Runtime`], which handles requests and opens live streams.

mod build_error;
mod builder;
mod host_provider;
mod tenant_runtime;
mod wait;

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use worker::Profile;

use crate::{
    background::lease,
    error::RuntimeError,
    identity::{RuntimeId, WorkerId, WorkerRef},
    model::{Limits, RuntimeState, Subscribe},
    request::Request,
    state::{caller::Caller, core::Core},
    stream::Subscription,
    sync::contained,
};
pub use build_error::BuildError;
pub use builder::RuntimeBuilder;
pub use tenant_runtime::TenantRuntime;
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
    caller: Caller,
}

impl Runtime {
    /// Returns a builder whose settings are the defaults.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { owner: Arc::new(Ownership { caller: Caller::backend(core) }) }
    }

    /// Returns the Runtime's id, which is half of every [`WorkerRef`](crate::WorkerRef).
    #[must_use]
    pub fn runtime_id(&self) -> RuntimeId {
        self.owner.caller.core.identity.runtime_id
    }

    /// Returns the reference to the Worker with this id, as a path names it. There need not be such a
    /// Worker.
    #[must_use]
    pub fn worker(&self, worker_id: WorkerId) -> WorkerRef {
        WorkerRef { runtime_id: self.runtime_id(), worker_id }
    }

    /// Returns the limits of the Runtime.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.owner.caller.core.limits
    }

    /// Adds a profile under its name while the Runtime runs, as [`RuntimeBuilder::profile`] does before.
    ///
    /// Workers may select it from then on. It stays until the Runtime ends, and cannot be replaced: a
    /// change of its settings is another profile, to which [`UpdateWorker`] moves a Worker.
    ///
    /// # Errors
    ///
    /// Returns an error if a profile has this name already, if there are 256, if a setting is not
    /// allowed, if a model is missing, or if the provider panics.
    ///
    /// [`UpdateWorker`]: crate::commands::UpdateWorker
    pub fn add_profile(&self, profile: Profile) -> Result<(), BuildError> {
        let core = &self.owner.caller.core;
        Ok(core.profiles.add(host_provider::contained_in(profile), &core.limits)?)
    }

    /// Returns the Runtime as the tenant with this name sees it, to be handed to whoever acts for that
    /// tenant.
    ///
    /// The name has 1 to `label_chars` characters, none of them a control character. With another
    /// name every request is refused with `invalid_request` or `too_large`. The Runtime remembers each
    /// name until it ends, so a name should be one that the Backend knows, and not one that anybody
    /// sent.
    #[must_use]
    pub fn tenant(&self, name: impl Into<Arc<str>>) -> TenantRuntime {
        TenantRuntime::new(self.clone(), &name.into())
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
        handle(&self.owner.caller, request).await
    }

    /// Subscribes to a live stream of events and text.
    ///
    /// # Errors
    ///
    /// Returns an error if the scope or the starting position does not exist, if the filter exceeds
    /// the limits, or if there is no room for more subscriptions.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, RuntimeError> {
        Subscription::new(&self.owner.caller, subscribe).await
    }
}

/// Handles a request of a caller.
async fn handle<R, Kind>(caller: &Caller, request: R) -> Result<R::Reply, RuntimeError>
where
    R: Request<Kind>,
{
    let span = tracing::debug_span!(
        "handle",
        runtime_id = %caller.core.identity.runtime_id,
        tenant = caller.tenant.as_ref().map(|tenant| &*tenant.name),
        request = request.name(),
    );
    let mut handling = pin!(request.handle(caller));
    poll_fn(|context| {
        let poll = || span.in_scope(|| handling.as_mut().poll(context));
        contained(poll).unwrap_or_else(|| Poll::Ready(Err(caller.panicked())))
    })
    .await
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // A Runtime that stops keeps itself until it has ended.
        let ends_itself = self.caller.core.state() != RuntimeState::Running;
        if !ends_itself {
            self.caller.core.abandon();
            lease::release_soon(&self.caller.core);
        }
    }
}
