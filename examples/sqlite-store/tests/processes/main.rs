//! What is left when a process is killed or paused in the middle of turns.

mod child;
mod kill;
mod ledger;
mod pause;
