//! Properties of streams over random histories: mirrors, deltas, filters, waits and wake-ups.

#[path = "../../examples/dashboard/mirror.rs"]
mod mirror;
#[path = "../store/wrapper.rs"]
mod wrapper;

mod batches;
mod cases;
mod deletions;
mod deltas;
mod drops;
mod filters;
mod foreign;
mod hesitant;
mod history;
mod leaks;
mod mirrors;
mod resume;
mod waits;
mod wakes;
