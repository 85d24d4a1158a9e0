//! The lines that count the bytes that are kept in memory.

pub mod idle_worker;
pub mod running_answer;
pub mod second_provider;
pub mod silent_turn;
pub mod stored_turn;
