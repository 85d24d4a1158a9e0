//! The host of a single Worker: its configuration, its conversation, one turn at a time.
//!
//! Read in this order: a [`Profile`] says which model to use and how; a [`HistoryBudget`] chooses
//! what of the conversation the model is given; a [`Worker`] holds the conversation and runs
//! [`WorkerTurn`]s.

#![forbid(unsafe_code)]

mod history;
mod profile;
mod turn;
mod worker;

pub use history::{HistoryBudget, HistorySelection, TokenEstimate};
pub use profile::Profile;
pub use turn::{WorkerEvent, WorkerTurn};
pub use worker::{Worker, WorkerUsage};
