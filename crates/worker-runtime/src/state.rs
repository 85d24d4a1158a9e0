//! The state of a running Runtime, in memory and behind locks.

pub(crate) mod about;
pub(crate) mod admission;
pub(crate) mod board;
pub(crate) mod caller;
pub(crate) mod catalogue;
pub(crate) mod core;
pub(crate) mod diagnostics;
pub(crate) mod ended_workers;
pub(crate) mod extent;
pub(crate) mod in_flight;
mod known;
mod lease;
pub(crate) mod listing;
pub(crate) mod live;
pub(crate) mod older_events;
pub(crate) mod places;
pub(crate) mod reservation;
pub(crate) mod sequences;
pub(crate) mod shutdown;
pub(crate) mod station;
pub(crate) mod tenant;
pub(crate) mod turn_host;
pub(crate) mod view;
pub(crate) mod worker_cell;
