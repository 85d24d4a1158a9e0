//! What does not grow with what merely exists.

pub mod fan_out;
pub mod figures;
pub mod get_transcript;
pub mod list_workers;
pub mod read_events;
pub mod turn_text;
pub mod two_threads;
