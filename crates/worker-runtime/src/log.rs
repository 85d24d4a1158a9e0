//! The logs: events in order, kept for readers who come later.

#[cfg(feature = "memory-store")]
pub(crate) mod kept_run;
pub(crate) mod places;
pub(crate) mod readers;
pub(crate) mod recent_stretches;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod runtime_log;
pub(crate) mod stretch;
pub(crate) mod worker_log;

#[cfg(feature = "memory-store")]
pub(crate) use kept_run::KeptRun;
pub(crate) use readers::{Parked, Readers};
pub(crate) use recent_stretches::RecentStretches;
pub use run::EventRun;
pub(crate) use runs::{Gone, Part, Parts, Runs, Spans};
pub(crate) use runtime_log::{Commit, LogState, RuntimeFact, RuntimeLog, RuntimeSource};
pub(crate) use worker_log::WorkerLog;
