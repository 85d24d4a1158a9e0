//! A mock of a provider's server for tests, which control every byte that it sends.

#![forbid(unsafe_code)]

pub mod answers;
mod reply;
mod server;

pub use reply::Reply;
pub use server::MockProvider;
