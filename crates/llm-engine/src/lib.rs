//! The LLM turn engine: history in, a stream of turn events out.
//!
//! Read in this order: [`Provider`] is the seam to a model, one call and a stream of
//! [`ProviderEvent`]s; [`Engine`] puts deadlines, retries, caps and a guaranteed end around one;
//! [`TurnEvent`] is what comes out, and the text in it is kept by whoever takes it, or collected by
//! [`Turn::collect_answer`]. The feature `providers` adds a module of that name, with real
//! models; [`conformance`] checks a provider of your own.
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures_util::StreamExt;
//! use llm_engine::{EchoProvider, Engine, Message, ModelRequest, TurnEvent};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let engine = Engine::new(Arc::new(EchoProvider::new()));
//! let messages = vec![Message::user("hello")];
//! let mut turn = engine.turn(ModelRequest::new(messages));
//! while let Some(event) = turn.next().await {
//!     match event {
//!         TurnEvent::TextDelta(text) => print!("{text}"),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # }
//! ```

#![forbid(unsafe_code)]

mod answer;
pub mod conformance;
mod echo;
mod engine;
mod error;
mod message;
mod policy;
mod provider;
#[cfg(feature = "providers")]
pub mod providers;
mod scripted;
mod timer;
mod turn;
mod usage;

pub use answer::Answer;
pub use echo::EchoProvider;
pub use engine::{Engine, Turn, TurnRequest};
pub use error::{EngineError, ErrorKind};
pub use message::{Message, Role};
pub use policy::{Deadlines, Policy, RetryPolicy};
pub use provider::{ModelRequest, Provider, ProviderEvent, ProviderStream, Sampling};
pub use scripted::{Script, ScriptedProvider};
pub use turn::{StopReason, TurnEnd, TurnEvent};
pub use usage::TokenUsage;
