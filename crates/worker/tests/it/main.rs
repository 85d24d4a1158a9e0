//! A Worker seen from outside: its conversation, its budget, its turns.

mod conversation;
mod history;
mod profile;
mod shortening;
mod support;
#[cfg(feature = "tools")]
mod tools;
mod turn_over;
