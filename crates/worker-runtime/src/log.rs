//! The logs: the events of commits in order, kept in memory for readers who come later.
//!
//! A commit's events are one [`Published`] value, made once and shared by all readers. An
//! [`EventLog`] keeps such values in order; a [`Presenter`] turns them into what people see.

mod event_block;
mod event_log;
mod presenter;
mod published;
mod redact;
mod runtime_fact;
mod tail;
mod worker_log;

pub(crate) use event_block::EventBlock;
pub(crate) use event_log::EventLog;
pub(crate) use presenter::Presenter;
pub(crate) use published::{Published, Source};
pub(crate) use runtime_fact::{RuntimeFact, RuntimeSource};
pub(crate) use tail::{Tail, piece_after};
pub(crate) use worker_log::WorkerLog;
