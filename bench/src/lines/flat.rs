//! The lines whose goals are ratios: no cost grows with the amount of data that the Runtime holds.

pub mod commit;
pub mod fan_out;
pub mod figures;
pub mod get_transcript;
pub mod keyed_creation;
pub mod list_workers;
pub mod publisher;
pub mod read_events;
pub mod tenants;
pub mod texts;
pub mod turn_text;
pub mod two_threads;

/// The largest allowed ratio of a cost to the same cost with far less data.
const SAME: f64 = 1.2;
