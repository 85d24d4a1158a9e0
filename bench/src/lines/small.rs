//! What is kept in memory.

pub mod idle_worker;
pub mod silent_turn;
pub mod stored_turn;
