//! The lines of the benchmark, one file each.

pub mod count;
pub mod fast;
pub mod flat;
pub mod providers;
pub mod small;

use self::{
    fast::{cancel_turn, create_worker, echo_turn, get_worker, send_input},
    flat::{
        commit, fan_out, figures, get_transcript, keyed_creation, list_workers, publisher,
        read_events, tenants, texts, turn_text, two_threads,
    },
    providers::connections,
    small::{idle_worker, running_answer, silent_turn, stored_turn},
};
use crate::table::Row;

pub use self::count::Count;

/// The way in which a line is measured.
#[derive(Clone, Copy)]
pub enum Measure {
    /// The line is measured by a clock.
    Timed(fn() -> Vec<Row>),
    /// The line is measured by an allocator that counts. That allocator costs time, so only the
    /// program `memory` has it.
    Counted(fn(Count) -> Row),
}

use Measure::{Counted, Timed};

/// The name of a kind of lines, its description, and its lines by their names.
pub type Kind = (&'static str, &'static str, &'static [(&'static str, Measure)]);

/// Every line.
pub const KINDS: &[Kind] = &[
    (
        "Flat",
        "No cost grows with what merely exists.",
        &[
            ("figures", Timed(figures::run)),
            ("read_events", Timed(read_events::run)),
            ("get_transcript", Timed(get_transcript::run)),
            ("tenants", Timed(tenants::run)),
            ("texts", Timed(texts::run)),
            ("list_workers", Timed(list_workers::run)),
            ("keyed_creation", Timed(keyed_creation::run)),
            ("commit", Timed(commit::run)),
            ("turn_text", Timed(turn_text::run)),
            ("publisher", Timed(publisher::run)),
            ("fan_out", Timed(fan_out::run)),
            ("two_threads", Timed(two_threads::run)),
        ],
    ),
    (
        "Small",
        "Memory, counted in bytes that are allocated.",
        &[
            ("idle_worker", Counted(idle_worker::count)),
            ("stored_turn", Counted(stored_turn::count)),
            ("silent_turn", Counted(silent_turn::count)),
            ("running_answer", Counted(running_answer::count)),
            ("second_provider_bytes", Counted(small::second_provider::count)),
        ],
    ),
    (
        "Providers",
        "The servers of models, on this machine.",
        &[("connections", Timed(connections::run))],
    ),
    (
        "Fast enough",
        "Absolute figures. The rows without a goal are there for orientation.",
        &[
            ("get_worker", Timed(get_worker::run)),
            ("send_input", Timed(send_input::run)),
            ("echo_turn", Timed(echo_turn::run)),
            ("create_worker", Timed(create_worker::run)),
            ("cancel_turn", Timed(cancel_turn::run)),
            ("second_provider", Timed(fast::second_provider::run)),
        ],
    ),
];

/// Returns the line with this name.
#[must_use]
pub fn find(name: &str) -> Option<Measure> {
    let lines = KINDS.iter().flat_map(|(.., lines)| *lines);
    lines.copied().find(|(known, _)| *known == name).map(|(_, measure)| measure)
}
