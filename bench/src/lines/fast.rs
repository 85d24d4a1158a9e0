//! What is fast enough: absolute figures.

pub mod cancel_turn;
pub mod create_worker;
pub mod echo_turn;
pub mod get_worker;
pub mod send_input;
