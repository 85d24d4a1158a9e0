//! The lines of the table, one file for each or for a few that belong together.

mod create_worker;
mod figures;
mod get_transcript;
mod get_worker;
mod list_workers;
mod read_events;
mod send_input;
mod turn;

use crate::row::Row;

/// Every line: its number, what it is about, and how it is measured.
pub const LINES: &[(u32, &str, fn(&mut Vec<Row>))] = &[
    (1, "one Worker is read", get_worker::run),
    (2, "an input is taken", send_input::run),
    (3, "a turn runs", turn::run),
    (4, "a Worker is created", create_worker::run),
    (5, "events are read", read_events::run),
    (6, "a transcript is read", get_transcript::run),
    (7, "figures are read", figures::run),
    (8, "Workers are listed", list_workers::run),
];
