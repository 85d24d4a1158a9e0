//! Tests of the command line.

mod chat;
mod folder;
mod generated;
mod keeping;
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
