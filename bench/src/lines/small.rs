//! The lines that count bytes: what is kept in memory.

pub mod idle_worker;
pub mod running_answer;
pub mod silent_turn;
pub mod stored_turn;
