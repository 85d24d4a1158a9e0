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

mod admission;
mod allocation;
mod api;
mod apply;
mod builder;
mod catalogue;
mod cell;
mod change;
mod clock;
mod core;
mod creation;
mod decode;
mod diagnostics;
mod draft;
mod drain;
mod error;
mod identity;
mod keys;
mod lease;
mod listing;
mod live;
mod owner;
mod padded;
mod page_token;
mod profiles;
mod reader;
mod record;
mod relay;
mod restore;
mod retention;
mod rules;
mod runtime;
mod settle;
mod thread_group;
mod turn;
mod validate;
mod wait;
mod watch;

pub mod commands;
pub mod event;
pub mod lifecycle;
pub mod model;
pub mod queries;
pub mod request;
pub mod schema;
pub mod store;

pub use builder::{BuildError, RuntimeBuilder};
pub use clock::{Clock, IdSource, SystemClock, UuidV7};
pub use commands::{CommandReply, RuntimeCommand};
pub use decode::Decode;
pub use error::{CursorOrigin, Retry, RuntimeError};
pub use event::{
    Batch, Cursor, EventFilter, EventsFrom, RuntimeEvent, Scope, StreamItem, Subscribe,
    Subscription,
};
pub use identity::{
    DiagnosticId, DisplayName, DisplayRef, Epoch, NotAnId, RuntimeId, TurnId, WorkerId, WorkerRef,
};
pub use model::Limits;
pub use queries::{QueryReply, RuntimeQuery};
pub use request::{Command, Query, Request};
pub use retention::Retention;
pub use runtime::Runtime;
pub use wait::WaitError;
pub use worker::Profile;

#[doc = include_str!("../README.md")]
#[cfg(all(doctest, feature = "memory-store"))]
struct Readme;
