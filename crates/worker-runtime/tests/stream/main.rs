//! What observers may rely on: mirrors, deltas, waits and wake-ups, over random histories.

#[path = "../../examples/dashboard/mirror.rs"]
mod mirror;
#[path = "../store/wrapper.rs"]
mod wrapper;

mod batches;
mod cases;
mod deltas;
mod drops;
mod filters;
mod hesitant;
mod history;
mod leaks;
mod mirrors;
mod resume;
mod waits;
mod wakes;
