//! An embeddable runtime for LLM Workers, steered and watched through plain values.
//!
//! A [`Runtime`] holds many conversations, called Workers, in the process of a Backend. Everything
//! that is asked of it is a value: a [`RuntimeCommand`] changes something, a [`RuntimeQuery`] does
//! not, and [`Runtime::handle`] takes either, or any single payload of theirs, which then gives its
//! own reply type. [`Runtime::subscribe`] is a live stream of what happens.
//!
//! Start reading at [`Runtime`], then [`request`], then any one file of [`commands`] or
//! [`queries`]: a request, its reply and its rule are together in the file named after the request.
//! A rule makes a `Draft`, `change` commits it, `apply` publishes it, and [`event`] keeps and
//! streams what happened.

#![forbid(unsafe_code)]

mod api;
mod background;
mod clock;
mod commit;
mod decode;
mod domain;
mod error;
mod identity;
mod log;
mod runtime;
mod state;
mod stream;
mod sync;
mod turn;

pub mod commands;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod lifecycle;
pub mod model;
pub mod queries;
pub mod request;
pub mod schema;
pub mod store;

/// What happened, and live streams of it.
pub mod event {
    pub use crate::model::{
        Cursor, EndReason, EventBody, EventFilter, EventType, EventsFrom, FromAfter,
        FromAfterSequence, FromNow, FromOldest, RuntimeEvent, Scope, ScopeRuntime, ScopeWorker,
        StreamEvent, StreamItem, Subscribe,
    };
    pub use crate::store::{StoredEvent, StoredEventBody, StoredRetry};
    pub use crate::stream::Subscription;
}

pub use clock::{Clock, IdSource, SystemClock, UuidV7};
pub use commands::{CommandReply, RuntimeCommand};
pub use decode::{AnyRequest, Decode};
pub use error::{Retry, RuntimeError};
pub use event::{
    Cursor, EventFilter, EventsFrom, RuntimeEvent, Scope, StreamItem, Subscribe, Subscription,
};
pub use identity::{
    DiagnosticId, DisplayName, DisplayRef, Epoch, ParseIdError, RuntimeId, TurnId, WorkerId,
    WorkerRef,
};
pub use model::{CursorOrigin, Limits, Retention};
pub use queries::{QueryReply, RuntimeQuery};
pub use request::{Command, Payload, Query, Request};
pub use runtime::{BuildError, Runtime, RuntimeBuilder, WaitError};
pub use worker::Profile;

#[doc = include_str!("../README.md")]
#[cfg(all(doctest, feature = "memory-store"))]
struct Readme;
