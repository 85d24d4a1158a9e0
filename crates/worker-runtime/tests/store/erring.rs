//! A Runtime on a store that errs: the store is reported, not believed, and not waited for without
//! end.

mod complaints;
mod course;
mod events;
mod listing;
mod lying_store;
mod none;
mod open_turns;
mod opening;
mod pages;
mod records;
mod taken;
mod texts;
