//! The lines of the table, one file for each or for a few that belong together.

pub mod fast;
pub mod flat;
mod memory;
pub mod small;

use self::{
    fast::{cancel_turn, create_worker, echo_turn, get_worker, send_input},
    flat::{fan_out, figures, get_transcript, list_workers, read_events, turn_text, two_threads},
};
use crate::row::Row;

/// A line: its number, what it is about, and how it is measured.
pub type Line = (u32, &'static str, fn(&mut Vec<Row>));

/// Every line.
pub const LINES: &[Line] = &[
    (1, "one Worker is read", get_worker::run),
    (2, "an input is taken", send_input::run),
    (3, "a turn runs", echo_turn::run),
    (4, "a Worker is created", create_worker::run),
    (5, "events are read", read_events::run),
    (6, "a transcript is read", get_transcript::run),
    (7, "figures are read", figures::run),
    (8, "Workers are listed", list_workers::run),
    (9, "Workers are idle", memory::idle),
    (10, "turns are kept", memory::turns),
    (11, "many subscribe", fan_out::run),
    (12, "an engine talks", turn_text::run),
    (13, "two threads work", two_threads::run),
    (16, "models do not answer", cancel_turn::run),
];
