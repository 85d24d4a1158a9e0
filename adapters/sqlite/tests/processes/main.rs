//! What is left when a process is killed or paused in the middle of turns.

mod child;
mod kill;
mod ledger;
mod pause;
#[expect(dead_code, reason = "its `main` is that of another program")]
#[path = "../../examples/talk.rs"]
mod talk;
