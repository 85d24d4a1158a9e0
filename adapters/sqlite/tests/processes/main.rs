//! What is left when a process is killed or paused, or finds no room, in the middle of turns.

mod child;
mod full;
mod kill;
mod ledger;
mod pause;
#[expect(dead_code, reason = "its `main` is that of another program")]
#[path = "../../examples/talk.rs"]
mod talk;
