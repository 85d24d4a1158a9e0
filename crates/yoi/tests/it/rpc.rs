//! Tests of `yoi rpc`.

mod client;
mod ending;
mod fuzz;
mod in_process;
mod lines;
mod messages;
mod order;
#[cfg(unix)]
mod signals;
mod subscriptions;
