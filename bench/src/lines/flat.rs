//! The lines whose goals are ratios: no cost grows with what merely exists.

pub mod commit;
pub mod fan_out;
pub mod figures;
pub mod get_transcript;
pub mod keyed_creation;
pub mod list_workers;
pub mod publisher;
pub mod read_events;
pub mod texts;
pub mod turn_text;
pub mod two_threads;

/// How much more a cost may be where something exists a thousand times as often.
const SAME: f64 = 1.2;
