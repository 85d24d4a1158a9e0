//! What observers may rely on: mirrors, deltas, waits and wake-ups, over random histories.

#[path = "../../examples/dashboard/mirror.rs"]
mod mirror;

mod deltas;
mod history;
mod mirrors;
mod waits;
mod wakes;
