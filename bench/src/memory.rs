//! What is kept in memory, counted by an allocator that knows what each thread has asked for.
//!
//! Counting costs time, so it happens in a program of its own, `memory`, which gives the figures as
//! JSON. Each is the difference between two sizes, divided by the difference in size.

use std::{
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};

use crate::{
    binaries::profile,
    lines::small::{idle_worker as idle, silent_turn as stalled, stored_turn as turns},
};

/// Does some work and tells how many bytes more are allocated after it.
pub type Count = fn(&mut dyn FnMut()) -> f64;

/// What is kept in memory, in bytes each.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Figures {
    /// A Worker that never ran a turn.
    pub idle_worker: f64,
    /// The same, once somebody has listed Workers by activity.
    pub idle_worker_listed: f64,
    /// An entry with the event that bears it, without its text.
    pub entry_and_event: f64,
    /// A whole turn, without its texts.
    pub turn: f64,
    /// A turn whose model does not answer.
    pub stalled_turn: f64,
}

impl Figures {
    /// Counts everything.
    #[must_use]
    pub fn count(count: Count) -> Self {
        let (idle_worker, idle_worker_listed) = idle::workers(count);
        let (entry_and_event, turn) = turns::turns(count);
        let stalled_turn = stalled::turns(count);
        Self { idle_worker, idle_worker_listed, entry_and_event, turn, stalled_turn }
    }
}

/// The figures, from the program that counts them.
#[must_use]
pub fn figures() -> &'static Figures {
    static FIGURES: OnceLock<Figures> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let output = Command::new("cargo")
            .args(["run", "--quiet", "--locked", "--bin", "memory", "--profile", &profile()])
            .args(["--manifest-path", manifest])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo");
        serde_json::from_slice(&output.stdout).expect("figures of the program `memory`")
    })
}
