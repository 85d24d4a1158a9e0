//! The traits of requests: a [`Command`] changes the Runtime, a [`Query`] does not, and
//! [`Runtime::handle`](crate::Runtime::handle) takes either.
//!
//! Handlers take a `Caller` or a `Reader`. Both are defined in private modules, so that code outside
//! this crate can neither call nor implement a handler: every request goes through
//! `Runtime::handle`. A `Reader` has no method that changes the Runtime, so the compiler refuses a
//! query that would.

mod payload;
mod whose;

pub use payload::Payload;
pub(crate) use payload::payloads;
pub use whose::{About, Whose};

use crate::{
    error::RuntimeError,
    state::{caller::Caller, view::Reader},
};

/// A change to the Runtime.
///
/// The trait is sealed: it is implemented for the payloads in [`commands`](crate::commands) and for
/// [`RuntimeCommand`](crate::RuntimeCommand), and you cannot implement it.
pub trait Command: Payload + About + Send {
    /// The reply, which is given once the change is decided and committed.
    type Reply: Send;

    /// Decides and commits the change.
    #[doc(hidden)]
    fn execute(
        self,
        caller: &Caller,
    ) -> impl Future<Output = Result<Self::Reply, RuntimeError>> + Send;
}

/// A question about the Runtime.
///
/// The trait is sealed: it is implemented for the payloads in [`queries`](crate::queries) and for
/// [`RuntimeQuery`](crate::RuntimeQuery), and you cannot implement it.
pub trait Query: Payload + About + Send {
    /// The reply.
    type Reply: Send;

    /// Whether the question is about the Runtime itself, so that it is answered even if another
    /// Runtime owns the store by now.
    #[doc(hidden)]
    const OF_THE_RUNTIME_ITSELF: bool = false;

    /// Answers the question.
    #[doc(hidden)]
    fn answer(
        self,
        reader: Reader<'_>,
    ) -> impl Future<Output = Result<Self::Reply, RuntimeError>> + Send;
}

/// A [`Command`] or a [`Query`]. The parameter `Kind` tells them apart; the compiler infers it.
///
/// The trait is sealed: every [`Command`] and every [`Query`] implements it, and you cannot.
#[diagnostic::on_unimplemented(message = "`{Self}` is neither a Runtime command nor a query")]
pub trait Request<Kind>: Send {
    /// The [`Command::Reply`] or [`Query::Reply`].
    type Reply;

    /// The `type` of the request on the wire; see [`Payload::TYPE`].
    const TYPE: &'static str;

    /// Returns the name of the request's Rust type, for the log.
    #[doc(hidden)]
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>().rsplit("::").next().unwrap_or_default()
    }

    /// Routes the request to its handler.
    #[doc(hidden)]
    fn handle(
        self,
        caller: &Caller,
    ) -> impl Future<Output = Result<Self::Reply, RuntimeError>> + Send;
}

/// The [`Request`] kind of every [`Command`].
#[derive(Debug)]
pub enum ChangesState {}

/// The [`Request`] kind of every [`Query`].
#[derive(Debug)]
pub enum ReadsState {}

impl<C: Command> Request<ChangesState> for C {
    type Reply = C::Reply;

    const TYPE: &'static str = C::TYPE;

    async fn handle(self, caller: &Caller) -> Result<C::Reply, RuntimeError> {
        caller.core.notice_lease();
        allow(&self, caller)?;
        self.execute(caller).await
    }
}

impl<Q: Query> Request<ReadsState> for Q {
    type Reply = Q::Reply;

    const TYPE: &'static str = Q::TYPE;

    async fn handle(self, caller: &Caller) -> Result<Q::Reply, RuntimeError> {
        let checked = caller.core.check_lease();
        if !Q::OF_THE_RUNTIME_ITSELF {
            checked?;
        }
        allow(&self, caller)?;
        self.answer(Reader::of(caller)).await
    }
}

/// Refuses a request that concerns the whole Runtime to whoever acts for a tenant.
pub(crate) fn allow(request: &impl About, caller: &Caller) -> Result<(), RuntimeError> {
    match request.whose() {
        Whose::WholeRuntime if caller.tenant.is_some() => {
            Err(RuntimeError::not_allowed(request.wire_type()))
        }
        Whose::OneWorker | Whose::CallersPart | Whose::WholeRuntime => Ok(()),
    }
}
