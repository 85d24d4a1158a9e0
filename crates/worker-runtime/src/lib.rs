//! An embeddable runtime for LLM Workers, controlled and observed through plain values.
//!
//! A [`Runtime`] holds many conversations, called Workers, in the process of a Backend. Every
//! request is a value: a [`RuntimeCommand`] changes something, a [`RuntimeQuery`] does not, and
//! [`Runtime::handle`] takes either of them, or any of their payloads, which have reply types of
//! their own. [`Runtime::subscribe`] returns a live stream of events.
//!
//! Start reading at [`Runtime`], then [`request`], then any one file of [`commands`] or
//! [`queries`]: a request, its reply and its rule are together in the file named after the request.
//! The rule of a command makes a `Draft`, `change` commits the draft, `apply` publishes it, and
//! [`event`] has the events and their streams.
//!
//! # Features
//!
//! - `memory-store`, on by default: `store::MemoryStore`, the store that a Runtime uses if it is
//!   given none. Without the feature a Backend brings a store of its own.
//! - `conformance`: the module `conformance`, which checks a store against its contract.
//! - `testing`: places at which the tests of this crate stop a change. No version promises to keep
//!   them.
//!
//! `fs-store`, `http-server`, `event-stream`, `ws-server` and `http-client` are reserved names:
//! nothing is behind them.

#![cfg_attr(docsrs, feature(doc_cfg))]
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
pub mod rpc;
pub mod schema;
pub mod store;

/// Events, and live streams of them.
pub mod event {
    pub use crate::model::{
        Cursor, EndReason, EventBody, EventFilter, EventType, EventsFrom, FromAfter,
        FromAfterSequence, FromNow, FromOldest, ResetReason, RuntimeEvent, Scope, ScopeRuntime,
        ScopeWorker, StreamEvent, StreamItem, Subscribe,
    };
    pub use crate::store::{StoredEvent, StoredEventBody, StoredRetry};
    pub use crate::stream::Subscription;
}

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use state::station::Station;

pub use background::restore::RestoreProgress;
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
pub use model::{CursorOrigin, Limits, Retention, TenantQuotas};
pub use queries::{QueryReply, RuntimeQuery};
pub use request::{Command, Payload, Query, Request};
pub use runtime::{BuildError, Runtime, RuntimeBuilder, TenantRuntime, WaitError};
/// The UUID of the crate `uuid`, in the version that [`IdSource`] and the ids of this crate use.
pub use uuid::Uuid;
pub use worker::Profile;

#[doc = include_str!("../README.md")]
#[cfg(all(doctest, feature = "memory-store"))]
struct Readme;
