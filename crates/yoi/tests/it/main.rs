//! The tests of the command line and of what it is built of.

mod chat;
mod compat;
mod folder;
mod process;
mod profiles;
mod providers;
#[cfg(unix)]
mod real_model;
mod rpc;
mod run;
mod schema;
#[cfg(unix)]
mod terminal;
