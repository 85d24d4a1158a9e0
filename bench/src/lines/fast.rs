//! The lines with absolute goals: the most that an operation may cost on an idle machine.

pub mod cancel_turn;
pub mod create_worker;
pub mod echo_turn;
pub mod get_worker;
pub mod second_provider;
pub mod send_input;
