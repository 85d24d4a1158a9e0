//! The event logs: the events of commits in order, kept in memory for subscribers that read them
//! later.
//!
//! The events of a commit are one [`Published`] value, which is created once and shared by all
//! readers. An [`EventLog`] keeps such values in order; a [`Presenter`] converts them into the
//! events that subscribers receive.

mod erased;
mod event_block;
mod event_log;
mod presenter;
mod published;
mod redact;
mod runtime_fact;
mod tail;
mod worker_log;

pub(crate) use erased::Erased;
pub(crate) use event_block::{EventBlock, EventOwner, JoinedEvent};
pub(crate) use event_log::EventLog;
pub(crate) use presenter::Presenter;
pub(crate) use published::{Published, Source};
pub(crate) use redact::redacted_record;
pub(crate) use runtime_fact::{RuntimeFact, RuntimeSource};
pub(crate) use tail::{Tail, piece_after};
pub(crate) use worker_log::WorkerLog;
