//! A provider's server that answers byte by byte what a test wants. Only for tests.

#![forbid(unsafe_code)]

pub mod answers;
mod reply;
mod server;

pub use reply::Reply;
pub use server::MockProvider;
