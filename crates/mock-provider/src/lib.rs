//! A mock of a provider's server for tests, which control every byte that it sends.
//!
//! A test scripts the replies: the head, each event, pauses, floods, resets, connections that are
//! kept. The server speaks HTTP over raw TCP on a local port and knows no provider, so that it can
//! send what a real server sends only when it fails. [`answers`] has a whole answer of each
//! protocol. Afterwards the server tells which requests came.
//!
//! ```
//! use mock_provider::{MockProvider, Reply, answers::CHAT};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
//! // A provider at this address, such as `ProviderConfig::new(kind).base_url(mock.origin())`.
//! assert!(mock.origin().starts_with("http://127.0.0.1:"));
//! // Once it has asked, the test looks at what it sent.
//! assert!(mock.requests().is_empty());
//! # }
//! ```
//!
//! It is for tests only: a dependency of tests in this workspace, and in no program.

#![forbid(unsafe_code)]

pub mod answers;
mod reply;
mod server;

pub use reply::Reply;
pub use server::MockProvider;
