//! The tests of the command line and of what it is built of.

mod compat;
mod folder;
mod process;
mod rpc;
mod run;
mod schema;
