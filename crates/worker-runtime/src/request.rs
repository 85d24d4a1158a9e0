//! What a request is: a [`Command`] changes the Runtime, a [`Query`] does not, and
//! [`Runtime::handle`](crate::Runtime::handle) takes either.
//!
//! Handlers take a `Core` or a `Reader`. Both live in private modules, so nobody outside can call a
//! handler or write one: `Runtime::handle` stays the one way in. A `Reader` has nothing that
//! changes anything, so a query that would is refused by the compiler.

mod payload;

use std::sync::Arc;

pub use payload::Payload;
pub(crate) use payload::payloads;

use crate::{
    error::RuntimeError,
    state::{core::Core, view::Reader},
};

/// A change to the Runtime.
///
/// The trait is sealed: it is implemented for the payloads in [`commands`](crate::commands) and for
/// [`RuntimeCommand`](crate::RuntimeCommand), and you cannot implement it.
pub trait Command: Payload + Send {
    /// What the caller learns once the change is decided and committed.
    type Reply: Send;

    /// Makes the change.
    #[doc(hidden)]
    fn execute(
        self,
        core: &Arc<Core>,
    ) -> impl Future<Output = Result<Self::Reply, RuntimeError>> + Send;
}

/// A question about the Runtime.
///
/// The trait is sealed: it is implemented for the payloads in [`queries`](crate::queries) and for
/// [`RuntimeQuery`](crate::RuntimeQuery), and you cannot implement it.
pub trait Query: Payload + Send {
    /// The answer.
    type Reply: Send;

    /// Answers the question.
    #[doc(hidden)]
    fn answer(
        self,
        reader: Reader<'_>,
    ) -> impl Future<Output = Result<Self::Reply, RuntimeError>> + Send;
}

/// A [`Command`] or a [`Query`]. `Kind` says which; callers never write it.
///
/// The trait is sealed: every [`Command`] and every [`Query`] has it, and you cannot implement it.
#[diagnostic::on_unimplemented(message = "`{Self}` is neither a Runtime command nor a query")]
pub trait Request<Kind>: Send {
    /// The [`Command::Reply`] or [`Query::Reply`].
    type Reply;

    /// The `type` of the request on the wire; see [`Payload::TYPE`].
    const TYPE: &'static str;

    /// The request's type, for the log.
    #[doc(hidden)]
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>().rsplit("::").next().unwrap_or_default()
    }

    /// Routes the request to its handler.
    #[doc(hidden)]
    fn handle(
        self,
        core: &Arc<Core>,
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

    fn handle(
        self,
        core: &Arc<Core>,
    ) -> impl Future<Output = Result<C::Reply, RuntimeError>> + Send {
        self.execute(core)
    }
}

impl<Q: Query> Request<ReadsState> for Q {
    type Reply = Q::Reply;

    const TYPE: &'static str = Q::TYPE;

    fn handle(
        self,
        core: &Arc<Core>,
    ) -> impl Future<Output = Result<Q::Reply, RuntimeError>> + Send {
        self.answer(Reader::of(core))
    }
}
